//! Test vectors from outside the project, and hex.

use std::path::PathBuf;

use serde_json::Value;

/// A file of shared facts: under `GRIDTAP_SHARED`, or beside the workspace.
pub(crate) fn shared(path: &str) -> Option<String> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("GRIDTAP_SHARED").map_or(workspace.join("shared"), PathBuf::from);
    std::fs::read_to_string(shared.join(path)).ok()
}

/// The valid vectors of a protocol.
pub(crate) fn vectors(protocol: &str) -> Option<Vec<Value>> {
    let text = shared(&format!("protocol/vectors/{protocol}.json"))?;
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    Some(all.into_iter().filter(|vector| vector["valid"] == true).collect())
}

/// The octets that a JSON string of hex digits stands for.
pub(crate) fn octets(hex: &Value) -> Vec<u8> {
    let digits: Vec<u32> = hex.as_str().unwrap().chars().map(|d| d.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// A JSON number as an octet or a word.
pub(crate) fn number<N: TryFrom<u64>>(value: &Value) -> N {
    value.as_u64().and_then(|number| N::try_from(number).ok()).unwrap()
}
