//! A TCP proxy in the test: between an instance and its Postgres or Redis it lets through, delays, or cuts.
//!
//! Called by the fault matrix. It must never change a byte, nor keep a connection that it was told to cut.
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Through,
    /// Each piece comes so much later.
    Delayed(Duration),
    /// Whatever is open is closed, and so is whatever comes.
    Cut,
    /// The proxy ends.
    Over,
}

pub struct Proxy {
    pub port: u16,
    manner: watch::Sender<Manner>,
}

impl Proxy {
    /// A proxy to a port of this machine.
    pub fn to(port: u16) -> Proxy {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let own = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("non-blocking");
        let (manner, seen) = watch::channel(Manner::Through);
        std::thread::spawn(move || {
            super::to_the_end(serve(listener, ([127, 0, 0, 1], port).into(), seen));
        });
        Proxy { port: own, manner }
    }

    pub fn set(&self, manner: Manner) {
        self.manner.send_replace(manner);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Manner::Over);
    }
}

async fn serve(
    listener: std::net::TcpListener,
    target: SocketAddr,
    mut manner: watch::Receiver<Manner>,
) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    loop {
        let came = tokio::select! {
            came = listener.accept() => came,
            _ = manner.wait_for(|manner| *manner == Manner::Over) => return,
        };
        if let Ok((socket, _)) = came
            && *manner.borrow() != Manner::Cut
        {
            tokio::spawn(carry(socket, target, manner.clone()));
        }
    }
}

async fn carry(near: TcpStream, target: SocketAddr, mut manner: watch::Receiver<Manner>) {
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    for socket in [&near, &far] {
        socket.set_nodelay(true).expect("no delay of its own");
    }
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pump(near_in, far_out, manner.clone()) => {}
        () = pump(far_in, near_out, manner.clone()) => {}
        _ = manner.wait_for(|manner| matches!(manner, Manner::Cut | Manner::Over)) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, manner: watch::Receiver<Manner>) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut piece).await {
        let manner = *manner.borrow();
        if let Manner::Delayed(span) = manner {
            tokio::time::sleep(span).await; // the delay that it is there for
        }
        if to.write_all(&piece[..n]).await.is_err() {
            return;
        }
    }
}
