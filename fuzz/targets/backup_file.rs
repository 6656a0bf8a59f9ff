//! The file of a backup, as `restore` checks it before anything is touched: only a whole one passes.

use serde_json::Value;
use sha2::{Digest, Sha256};
use tallyship::maintenance::backup::{BackupError, check};

/// The whole text of a backup with this body, and the checksum that it needs.
pub fn sealed(body: &[u8], rows: u64) -> Vec<u8> {
    let mut file = body.to_vec();
    if file.last().is_some_and(|last| *last != b'\n') {
        file.push(b'\n');
    }
    let sum: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    file.extend_from_slice(format!("{{\"rows\":{rows},\"sha256\":\"{sum}\"}}\n").as_bytes());
    file
}

pub fn run(data: &[u8]) {
    // As it is: what passes has a checksum, and so is what `sealed` makes of its body.
    if let Ok(rows) = check(data) {
        let body = data.trim_ascii_end();
        let end = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let again = sealed(body.get(..end).unwrap_or_default(), rows);
        assert_eq!(check(again.as_slice()).ok(), Some(rows));
    }
    let file = sealed(data, 7);
    match check(file.as_slice()) {
        Ok(rows) => {
            assert_eq!(rows, 7);
            let line = file.split(|byte| *byte == b'\n').next();
            let said: Value = serde_json::from_slice(line.unwrap_or_default()).unwrap_or_default();
            // As fields by name, or in their order.
            let form = said.get("tallyship_backup").or_else(|| said.get(0));
            assert_eq!(
                form.and_then(Value::as_u64),
                Some(1),
                "the first line says what it is"
            );
            // The number of rows is for a progress bar only, and is all that the checksum does not cover.
            for at in [0, data.len() / 2, file.len() - 9] {
                let mut torn = file.clone();
                if let Some(byte) = torn.get_mut(at) {
                    *byte ^= 1;
                }
                assert!(check(torn.as_slice()).is_err(), "a changed byte passes at {at}");
                torn.truncate(at);
                assert!(check(torn.as_slice()).is_err(), "it was cut at {at}");
            }
        }
        Err(cause) => assert!(matches!(cause, BackupError::Broken(_)), "{cause}"),
    }
}
