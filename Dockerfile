# The server as an image: one binary on distroless Debian 12, without a shell, as user 65532.
#
#   docker build -t tallyship .
#   docker run -p 8080:8080 -e TALLYSHIP_HTTP__PUBLIC_URL=http://localhost:8080 -v tallyship:/data tallyship

FROM rust:1.95-bookworm AS build
WORKDIR /src
# Only what the binary is made of: a change of tests or documents does not build anew.
COPY Cargo.toml Cargo.lock askama.toml ./
COPY .cargo .cargo
COPY config config
COPY migrations migrations
COPY clients/widget/dist clients/widget/dist
COPY src src
# Cargo wants every target that Cargo.toml names to be there.
RUN mkdir -p tests/long benches/figures && touch tests/long/main.rs tests/seen.rs benches/micro.rs benches/figures/main.rs
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin tallyship && cp target/release/tallyship /tallyship
RUN mkdir /empty

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /tallyship /usr/local/bin/tallyship
# A volume that is laid over it takes its owner from here.
COPY --from=build --chown=65532:65532 /empty /data
USER 65532:65532
WORKDIR /data
# The admin listener is for the health check and for Prometheus: do not publish its port.
ENV TALLYSHIP_HTTP__LISTEN=0.0.0.0:8080 \
    TALLYSHIP_HTTP__ADMIN_LISTEN=0.0.0.0:9090 \
    TALLYSHIP_DATABASE__URL=sqlite:///data/tallyship.db
VOLUME /data
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s CMD ["tallyship", "health"]
ENTRYPOINT ["tallyship"]
CMD ["serve"]
