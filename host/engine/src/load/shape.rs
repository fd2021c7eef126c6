//! What a component is made of, read before any of it is compiled: what it imports and exports, and
//! how large its parts are. Compiling takes far more time and memory than reading.

use wasmparser::{BinaryReaderError, Encoding, FunctionBody, Operator, Parser, Payload};

use crate::{
    limits::{
        BODY_BYTES_MAX, FUNCTIONS_MAX, INSTANCES_MAX, MEMORIES_MAX, NESTING_MAX, TABLES_MAX,
        TYPE_BYTES_MAX,
    },
    line::line,
};

/// Everything that a plugin imports and exports is in this package.
const PACKAGE: &str = "roadstead:admission/";
/// What the host offers of it, without versions, which linking compares.
const IMPORTS: [&str; 5] = ["content", "context", "log", "push", "types"];
/// What a plugin is asked through.
const EXPORT: &str = "reviewer";
/// Components and modules within one another.
const DEPTH_MAX: usize = 8;

/// Why a component can't be a plugin.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// It wants what is not of the contract's package.
    Import(String),
    /// Anything else, as a clause about "it".
    Other(String),
}

impl From<BinaryReaderError> for Unfit {
    fn from(error: BinaryReaderError) -> Self {
        Self::Other(line(&error.to_string(), 200))
    }
}

/// What was counted up to now.
#[derive(Default)]
struct Shape {
    imports: Vec<String>,
    exports: Vec<String>,
    /// modules and components that are open
    depth: usize,
    modules: usize,
    components: usize,
    functions: u64,
    type_bytes: usize,
    memories: u64,
    tables: u64,
}

/// The interfaces that a component imports, if it has the shape of a plugin and none of its parts
/// is too large.
pub(crate) fn imports(component: &[u8]) -> Result<Vec<String>, Unfit> {
    let mut shape = Shape::default();
    for payload in Parser::new(0).parse_all(component) {
        shape.add(&payload?)?;
        // what it wants is told first, whatever else is wrong
        shape.check_imports()?;
    }
    let reviewer = format!("{PACKAGE}{EXPORT}");
    if !shape.exports.iter().any(|export| interface(export) == reviewer) {
        let why = format!("it does not export {reviewer}; build it against the contract");
        return Err(Unfit::Other(why));
    }
    Ok(shape.imports)
}

/// The name of an interface without its version.
fn interface(name: &str) -> &str {
    name.split_once('@').map_or(name, |(interface, _)| interface)
}

impl Shape {
    fn add(&mut self, payload: &Payload<'_>) -> Result<(), Unfit> {
        match payload {
            Payload::Version { encoding, .. } => self.open(*encoding)?,
            Payload::End(_) => self.depth -= 1,
            Payload::ComponentImportSection(section) if self.depth == 1 => {
                for import in section.clone() {
                    self.imports.push(line(import?.name.name, 200));
                }
            }
            Payload::ComponentExportSection(section) if self.depth == 1 => {
                for export in section.clone() {
                    self.exports.push(line(export?.name.name, 200));
                }
            }
            Payload::FunctionSection(section) => self.functions += u64::from(section.count()),
            Payload::ComponentCanonicalSection(section) => {
                self.functions += u64::from(section.count());
            }
            Payload::TypeSection(section) => self.type_bytes += section.range().len(),
            Payload::CoreTypeSection(section) => self.type_bytes += section.range().len(),
            Payload::ComponentTypeSection(section) => self.type_bytes += section.range().len(),
            Payload::MemorySection(section) => self.memories += u64::from(section.count()),
            Payload::TableSection(section) => self.tables += u64::from(section.count()),
            Payload::CodeSectionEntry(body) => check_body(body)?,
            _ => {}
        }
        self.check()
    }

    fn open(&mut self, encoding: Encoding) -> Result<(), Unfit> {
        match encoding {
            Encoding::Module if self.depth == 0 => {
                let why = "it is a module, but a plugin must be a component; `wasm-tools component \
                           new` makes a component of a module";
                return Err(Unfit::Other(why.to_owned()));
            }
            Encoding::Module => self.modules += 1,
            Encoding::Component => self.components += 1,
        }
        self.depth += 1;
        Ok(())
    }

    fn check(&self) -> Result<(), Unfit> {
        let narrow = |count: usize| count as u64;
        for (count, max, what) in [
            (narrow(self.depth), narrow(DEPTH_MAX), "components within one another"),
            (narrow(self.modules), narrow(INSTANCES_MAX), "modules"),
            (narrow(self.components), narrow(INSTANCES_MAX), "components"),
            (self.functions, FUNCTIONS_MAX, "functions"),
            (narrow(self.type_bytes), narrow(TYPE_BYTES_MAX), "bytes of types"),
            (self.memories, narrow(MEMORIES_MAX), "memories"),
            (self.tables, narrow(TABLES_MAX), "tables"),
        ] {
            if count > max {
                return Err(Unfit::Other(format!("it has more than {max} {what}")));
            }
        }
        Ok(())
    }

    fn check_imports(&self) -> Result<(), Unfit> {
        let foreign = self.imports.iter().find(|import| !import.starts_with(PACKAGE));
        if let Some(import) = foreign {
            return Err(Unfit::Import(import.clone()));
        }
        let known = |import: &str| {
            let name = interface(import).strip_prefix(PACKAGE);
            name.is_some_and(|name| IMPORTS.contains(&name))
        };
        match self.imports.iter().find(|import| !known(import)) {
            Some(import) => {
                let why = format!("it imports {import}, which is not in the contract");
                Err(Unfit::Other(why))
            }
            None => Ok(()),
        }
    }
}

/// Compiling takes more than in proportion to the size of a function, and far more to the depth of
/// its loops.
fn check_body(body: &FunctionBody<'_>) -> Result<(), Unfit> {
    let bytes = body.range().len();
    if bytes > BODY_BYTES_MAX {
        let why = format!("one of its functions has {bytes} bytes, more than {BODY_BYTES_MAX}");
        return Err(Unfit::Other(why));
    }
    let (mut operators, mut depth) = (body.get_operators_reader()?, 0_usize);
    while !operators.eof() {
        match operators.read()? {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => depth += 1,
            Operator::End => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING_MAX {
            let why = format!("one of its functions nests more than {NESTING_MAX} blocks");
            return Err(Unfit::Other(why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Around these parts, what else a plugin has.
    fn read(parts: &str) -> Result<Vec<String>, String> {
        let export = "(instance (export \"roadstead:admission/reviewer@0.1.0\"))";
        whole(&format!("(component {parts} {export})"))
    }

    fn whole(text: &str) -> Result<Vec<String>, String> {
        imports(&wat::parse_str(text).unwrap()).map_err(|unfit| match unfit {
            Unfit::Import(import) => format!("import {import}"),
            Unfit::Other(why) => why,
        })
    }

    fn times(count: usize, part: &str) -> String {
        part.repeat(count)
    }

    fn blocks(depth: usize) -> String {
        format!("(core module (func {}{}))", times(depth, "(block "), times(depth, ")"))
    }

    #[test]
    fn each_part_is_bounded() {
        let module = |parts: &str| format!("(core module {parts})");
        let many = |count: usize| module(&times(count, "(func)"));
        let types = |count| module(&times(count, "(type (func (param i32 i64 f32 f64)))"));
        let within = |depth: usize| format!("{}{}", times(depth, "(component "), times(depth, ")"));
        let body = |bytes: usize| module(&format!("(func {})", times(bytes - 2, "nop ")));
        for (fits, more, why) in [
            (blocks(4096), blocks(4097), "one of its functions nests more than 4096 blocks"),
            (many(100_000), many(100_001), "it has more than 100000 functions"),
            (
                body(1 << 20),
                body((1 << 20) + 1),
                "one of its functions has 1048577 bytes, more than 1048576",
            ),
            (times(64, &module("")), times(65, &module("")), "it has more than 64 modules"),
            (times(63, "(component)"), times(64, "(component)"), "it has more than 64 components"),
            (within(7), within(8), "it has more than 8 components within one another"),
            (
                times(2, &module("(memory 1)")),
                times(3, &module("(memory 1)")),
                "it has more than 2 memories",
            ),
            (
                times(20, &module("(table 1 funcref)")),
                times(21, &module("(table 1 funcref)")),
                "it has more than 20 tables",
            ),
            (types(100_000), types(150_000), "it has more than 1048576 bytes of types"),
        ] {
            assert_eq!(read(&fits), Ok(Vec::new()), "before: {why}");
            assert_eq!(read(&more), Err(why.to_owned()));
        }
    }

    #[test]
    fn what_it_wants_is_told_before_anything_else() {
        let content = "(import \"roadstead:admission/content@0.1.0\" (instance))";
        let bad = blocks(5000);
        assert_eq!(read(content), Ok(vec!["roadstead:admission/content@0.1.0".to_owned()]));
        let wasi = format!("{content} (import \"wasi:io/poll@0.2.0\" (instance)) {bad}");
        assert_eq!(read(&wasi), Err("import wasi:io/poll@0.2.0".to_owned()));
        let other = format!("(import \"roadstead:admission/net@0.1.0\" (instance)) {bad}");
        let why = "it imports roadstead:admission/net@0.1.0, which is not in the contract";
        assert_eq!(read(&other), Err(why.to_owned()));
        // what a component within it imports is that component's affair
        let within = "(component (import \"wasi:io/poll@0.2.0\" (instance)))";
        assert_eq!(read(within), Ok(Vec::new()));
        let without = whole("(component)").unwrap_err();
        assert!(
            without.starts_with("it does not export roadstead:admission/reviewer"),
            "{without}"
        );
        assert!(whole("(module)").unwrap_err().starts_with("it is a module"));
        assert!(imports(b"not wasm").is_err() && imports(b"").is_err());
    }
}
