//! Holds the API's document to the code: each address of `server::routes` is in it and no other, and the committed copy
//! `docs/openapi.json` is what the code makes.
//!
//! The copy is renewed by `RENEW=1 cargo test --test documents`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syn::visit::{self, Visit};

/// Methods by address.
type Addresses = BTreeMap<String, BTreeSet<String>>;

fn document() -> Value {
    serde_json::to_value(tallyship::web::openapi::document()).expect("JSON")
}

fn documented() -> Addresses {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let methods = |item: &Value| {
        let item = item.as_object().expect("a path item");
        item.keys().map(|method| method.to_uppercase()).collect()
    };
    paths
        .iter()
        .map(|(path, item)| (path.clone(), methods(item)))
        .collect()
}

/// Files below one address: the document names the one that sites load.
const FILES: [(&str, &str); 1] = [("/embed/{file}", "/embed/tallyship.js")];

/// Finds `resource(PATH, NAME, ALLOW…)` and `readable(…)`, wherever they are called.
#[derive(Default)]
struct Routed {
    addresses: Addresses,
    /// Names of texts in this file.
    named: BTreeMap<String, String>,
}

impl<'ast> Visit<'ast> for Routed {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let called = match call.func.as_ref() {
            syn::Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        if matches!(called.as_deref(), Some("resource" | "readable")) {
            let texts: Vec<String> = call
                .args
                .iter()
                .filter_map(|item| self.text(item))
                .collect();
            if let [path, _, allow, ..] = texts.as_slice() {
                // HEAD goes with every GET; the document says so once.
                let methods = allow.split(", ").filter(|method| *method != "HEAD");
                let methods = methods.map(str::to_owned).collect();
                let path = plain(path);
                let file = FILES.iter().find(|(route, _)| *route == path);
                let path = file.map_or(path, |(_, file)| (*file).to_owned());
                self.addresses.insert(path, methods);
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if let Some(text) = self.text(&item.expr) {
            self.named.insert(item.ident.to_string(), text);
        }
        visit::visit_item_const(self, item);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if let (syn::Pat::Ident(name), Some(value)) = (&local.pat, &local.init)
            && let Some(text) = self.text(&value.expr)
        {
            self.named.insert(name.ident.to_string(), text);
        }
        visit::visit_local(self, local);
    }
}

impl Routed {
    fn text(&self, expression: &syn::Expr) -> Option<String> {
        match expression {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value()),
            syn::Expr::Path(path) => self.named.get(&path.path.get_ident()?.to_string()).cloned(),
            _ => None,
        }
    }
}

/// `{name:pattern}` as the document writes it: `{name}`.
fn plain(path: &str) -> String {
    let mut plain = String::new();
    let mut in_pattern = false;
    for character in path.chars() {
        match character {
            '}' => in_pattern = false,
            ':' => in_pattern = true,
            _ => {}
        }
        if !in_pattern {
            plain.push(character);
        }
    }
    plain
}

fn routed() -> Addresses {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server");
    let mut found = Routed::default();
    let files = fs::read_dir(server).expect("src/server");
    for path in files.map(|entry| entry.expect("an entry").path()) {
        // The admin listener is no part of the API.
        if path.is_file() && !path.ends_with("admin.rs") {
            let text = fs::read_to_string(&path).expect("readable");
            found.named.clear();
            found.visit_file(&syn::parse_file(&text).expect("Rust"));
        }
    }
    found.addresses
}

#[test]
fn every_route_is_documented_and_nothing_else() {
    let (routed, documented) = (routed(), documented());
    assert!(routed.len() > 10, "only {} routes were found", routed.len());
    for (path, methods) in &routed {
        assert_eq!(
            documented.get(path),
            Some(methods),
            "{path} in the document"
        );
    }
    for path in documented.keys() {
        assert!(routed.contains_key(path), "{path} is no route");
    }
}

#[test]
fn every_operation_says_what_it_is() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path item") {
            for field in ["operationId", "summary", "tags", "responses"] {
                assert!(!operation[field].is_null(), "{method} {path}: {field}");
            }
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{id} twice");
            let named = operation["parameters"].as_array().into_iter().flatten();
            let named: BTreeSet<&str> = named
                .filter(|parameter| parameter["in"] == "path")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            let needed: BTreeSet<&str> = path
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split('}').next())
                .collect();
            assert_eq!(named, needed, "{method} {path}");
        }
    }
}

/// Every `$ref` leads somewhere, and nothing among the components is there for nobody.
#[test]
fn references_lead_somewhere() {
    let document = document();
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    for target in &used {
        let pointer = target.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{target} is not there");
    }
    for (kind, components) in document["components"].as_object().expect("components") {
        for name in components.as_object().expect("by name").keys() {
            let target = format!("#/components/{kind}/{name}");
            let scheme = kind == "securitySchemes";
            assert!(scheme || used.contains(&target), "{target} is not used");
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                found.insert(target.to_owned());
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_committed_copy_is_what_the_code_makes() {
    let copy: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let made = tallyship::web::openapi::document()
        .to_pretty_json()
        .expect("JSON")
        + "\n";
    if std::env::var_os("RENEW").is_some() {
        fs::write(&copy, &made).expect("docs/openapi.json");
    }
    let kept = fs::read_to_string(&copy).unwrap_or_default();
    assert!(
        kept == made,
        "docs/openapi.json is not what the code makes; look at what changed after RENEW=1 cargo test --test documents"
    );
}

/// An example is of its body's kind: a form that is an object has no string for one.
#[test]
fn every_body_has_an_example_of_its_kind() {
    let document = document();
    let mut bodies = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let content = operation["requestBody"]["content"].as_object();
            for (kind, body) in content.into_iter().flatten() {
                let fits = match body["schema"]["type"].as_str() {
                    Some("object") | None => body["example"].is_object(),
                    Some(_) => !body["example"].is_null(),
                };
                assert!(fits, "{method} {path} {kind}: {}", body["example"]);
                bodies += 1;
            }
        }
    }
    assert!(bodies > 20, "only {bodies} bodies");
}
