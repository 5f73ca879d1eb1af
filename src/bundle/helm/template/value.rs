//! Values of Go's templates.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use compact_str::CompactString;

use super::origin::Origin;
use super::semver::Version;
use super::text::Text;

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) data: Data,
    pub(crate) origin: Origin,
}

/// The contents of a value.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// No value: Go's zero `reflect.Value`. A field of it is nothing again.
    Nothing,
    /// `nil`: what a map returns for an absent key. A field of it is an error.
    Nil,
    Bool(bool),
    Int(i64, IntKind),
    Float(f64),
    Str(Text),
    Bytes(Rc<[u8]>),
    List(Rc<List>),
    Map(Map),
    Object(Object),
}

/// Go's type of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntKind {
    Int,
    Int64,
    Uint64,
    Uint8,
}

/// A slice.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) items: Vec<Value>,
    /// Go's type of the items.
    pub(crate) of: ItemKind,
    depth: u32,
}

/// Go's type of the items of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Any,
    Str,
    Int,
    Lists,
}

/// A map with strings as keys, shared as Go's are: a change is visible to all holders.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    cells: Rc<Cells>,
    kind: MapKind,
}

#[derive(Debug)]
struct Cells {
    entries: RefCell<BTreeMap<CompactString, Slot>>,
}

/// One entry of a map.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// The place of the key.
    pub(crate) key: Origin,
    pub(crate) value: Value,
}

/// Go's type of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapKind {
    /// `map[string]interface {}`
    Any,
    /// `chartutil.Values`, which is the same under another name.
    Values,
    /// `map[string]string`
    Strings,
}

/// How many bytes are read, or written, in a step.
const LOOK: u64 = 256;

/// The deepest nesting of lists: no chart needs more.
const DEEPEST: u32 = 1000;

thread_local! {
    /// Values that must still be dropped: maps may be nested deeper than the stack allows.
    static DROPPED: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
}

/// A value with fields or methods.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Struct(Rc<Struct>),
    Files(Rc<Files>),
    /// `.Capabilities.APIVersions`
    Versions(Rc<[String]>),
    /// Seconds since 1970, in UTC.
    Time(i64),
    Version(Rc<Version>),
}

/// A Go struct.
#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) type_name: &'static str,
    pub(crate) fields: Vec<Field>,
    /// Its printed form, if it is not that of its fields.
    pub(crate) shown: Option<String>,
}

/// A field of a Go struct.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Its name in JSON; empty if it is omitted there because it is empty.
    pub(crate) json: &'static str,
    pub(crate) value: Value,
}

/// The files of a chart, by name.
pub(crate) type Files = BTreeMap<String, Rc<[u8]>>;

impl Drop for Cells {
    fn drop(&mut self) {
        let values: Vec<Value> =
            std::mem::take(self.entries.get_mut()).into_values().map(|slot| slot.value).collect();
        let is_first = DROPPED.with_borrow_mut(|all| match all {
            Some(all) => {
                all.extend(values);
                false
            }
            None => {
                *all = Some(values);
                true
            }
        });
        if !is_first {
            return;
        }
        loop {
            let next = DROPPED.with_borrow_mut(|all| all.as_mut().and_then(Vec::pop));
            if next.is_none() {
                break;
            }
        }
        DROPPED.with_borrow_mut(|all| *all = None);
    }
}

impl List {
    /// A slice with these items; `None` if they are nested too deeply.
    pub(crate) fn new(items: Vec<Value>, of: ItemKind) -> Option<Rc<Self>> {
        let depth = |item: &Value| match &item.data {
            Data::List(list) => list.depth,
            _ => 0,
        };
        let depth = items.iter().map(depth).max().unwrap_or(0) + 1;
        (depth <= DEEPEST).then(|| Rc::new(Self { items, of, depth }))
    }
}

impl Map {
    pub(crate) fn new(kind: MapKind) -> Self {
        Self { cells: Rc::new(Cells { entries: RefCell::default() }), kind }
    }

    pub(crate) fn kind(&self) -> MapKind {
        self.kind
    }

    /// The same map under another type.
    pub(crate) fn seen_as(&self, kind: MapKind) -> Self {
        Self { cells: Rc::clone(&self.cells), kind }
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.entries.borrow().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn get(&self, key: &str) -> Option<Value> {
        self.cells.entries.borrow().get(key).map(|slot| slot.value.clone())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.cells.entries.borrow().contains_key(key)
    }

    pub(crate) fn set(&self, key: &str, value: Value) {
        let slot = Slot { key: value.origin, value };
        self.insert(key.into(), slot);
    }

    pub(crate) fn insert(&self, key: CompactString, slot: Slot) {
        // The old value is dropped after the map can be borrowed again.
        let before = self.cells.entries.borrow_mut().insert(key, slot);
        drop(before);
    }

    pub(crate) fn remove(&self, key: &str) {
        let before = self.cells.entries.borrow_mut().remove(key);
        drop(before);
    }

    /// Its current entries, by key.
    pub(crate) fn entries(&self) -> Vec<(CompactString, Slot)> {
        self.cells.entries.borrow().iter().map(|(key, slot)| (key.clone(), slot.clone())).collect()
    }

    /// Whether both are the same map.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.cells, &other.cells)
    }
}

impl Map {
    pub(crate) fn into_data(self) -> Data {
        Data::Map(self)
    }
}

impl Value {
    pub(crate) fn nothing() -> Self {
        Data::Nothing.into()
    }

    pub(crate) fn nil() -> Self {
        Data::Nil.into()
    }

    pub(crate) fn int(value: i64) -> Self {
        Data::Int(value, IntKind::Int).into()
    }

    pub(crate) fn int64(value: i64) -> Self {
        Data::Int(value, IntKind::Int64).into()
    }

    pub(crate) fn float(value: f64) -> Self {
        Data::Float(value).into()
    }

    /// The same value with another origin.
    pub(crate) fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    pub(crate) fn is_nil(&self) -> bool {
        matches!(self.data, Data::Nothing | Data::Nil)
    }

    pub(crate) fn as_text(&self) -> Option<&Text> {
        match &self.data {
            Data::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a slice.
    pub(crate) fn as_list(&self) -> Option<&[Value]> {
        match &self.data {
            Data::List(list) => Some(&list.items),
            _ => None,
        }
    }

    /// The origin of the value, or of the first piece of its text.
    pub(crate) fn source(&self) -> Origin {
        match &self.data {
            Data::Str(text) => self.origin.or(text.origin()),
            _ => self.origin,
        }
    }

    /// Whether it is neither empty nor zero, as in `if`.
    pub(crate) fn is_true(&self) -> bool {
        match &self.data {
            Data::Nothing | Data::Nil => false,
            Data::Bool(value) => *value,
            Data::Int(value, _) => *value != 0,
            Data::Float(value) => *value != 0.0,
            Data::Str(text) => !text.is_empty(),
            Data::Bytes(bytes) => !bytes.is_empty(),
            Data::List(list) => !list.items.is_empty(),
            Data::Map(map) => !map.is_empty(),
            Data::Object(object) => object.is_true(),
        }
    }

    /// How much work it is to look at it once: bytes, or eight for each of its entries.
    pub(crate) fn size(&self) -> usize {
        match &self.data {
            Data::Str(text) => text.len(),
            Data::Bytes(bytes) => bytes.len(),
            Data::List(list) => list.items.len().saturating_mul(8),
            Data::Map(map) => map.len().saturating_mul(8),
            Data::Object(object) => object.size(),
            _ => 0,
        }
    }

    /// The name of its type in Go, for errors and `typeOf`.
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.data {
            Data::Nothing | Data::Nil => "interface {}",
            Data::Bool(_) => "bool",
            Data::Int(_, IntKind::Int) => "int",
            Data::Int(_, IntKind::Int64) => "int64",
            Data::Int(_, IntKind::Uint64) => "uint64",
            Data::Int(_, IntKind::Uint8) => "uint8",
            Data::Float(_) => "float64",
            Data::Str(_) => "string",
            Data::Bytes(_) => "[]uint8",
            Data::List(list) => match list.of {
                ItemKind::Any => "[]interface {}",
                ItemKind::Str => "[]string",
                ItemKind::Int => "[]int",
                ItemKind::Lists => "[][]interface {}",
            },
            Data::Map(map) => match map.kind() {
                MapKind::Any => "map[string]interface {}",
                MapKind::Values => "chartutil.Values",
                MapKind::Strings => "map[string]string",
            },
            Data::Object(object) => object.type_name(),
        }
    }

    /// The name of its kind in Go.
    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.data {
            Data::Nothing | Data::Nil => "invalid",
            Data::Bytes(_) | Data::List(_) => "slice",
            Data::Map(_) => "map",
            Data::Object(object) => object.kind_name(),
            _ => self.type_name(),
        }
    }
}

/// A counter that goes down: how much more a rendering may use.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: Cell<u64>,
    bytes: Cell<u64>,
    /// The maps that templates have changed.
    changed: RefCell<Vec<Map>>,
}

impl Drop for Budget {
    /// A map may hold itself, so that nothing else frees it.
    fn drop(&mut self) {
        for map in std::mem::take(self.changed.get_mut()) {
            let entries = std::mem::take(&mut *map.cells.entries.borrow_mut());
            drop(entries);
        }
    }
}

/// A rendering exceeds a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhausted {
    Steps,
    Bytes,
    Depth,
}

impl Budget {
    pub(crate) fn new(steps: u64, bytes: u64) -> Self {
        Self { steps: Cell::new(steps), bytes: Cell::new(bytes), changed: RefCell::default() }
    }

    /// Notes a map that a template changes: it is emptied at the end.
    pub(crate) fn changes(&self, map: &Map) -> Result<(), Exhausted> {
        self.room(64)?;
        self.changed.borrow_mut().push(map.clone());
        Ok(())
    }

    /// How many steps remain.
    pub(crate) fn steps_left(&self) -> u64 {
        self.steps.get()
    }

    /// Uses steps.
    pub(crate) fn step(&self, steps: u64) -> Result<(), Exhausted> {
        let left = self.steps.get().checked_sub(steps).ok_or(Exhausted::Steps)?;
        self.steps.set(left);
        Ok(())
    }

    /// Takes the steps to look at that many bytes.
    pub(crate) fn look(&self, bytes: usize) -> Result<(), Exhausted> {
        self.step(bytes as u64 / LOOK)
    }

    /// Uses memory for that many bytes, and the steps to write them.
    pub(crate) fn room(&self, bytes: usize) -> Result<(), Exhausted> {
        let bytes = bytes as u64;
        let left = self.bytes.get().checked_sub(bytes).ok_or(Exhausted::Bytes)?;
        self.bytes.set(left);
        self.step(bytes / LOOK)
    }

    /// Uses one step at a depth of a tree that is walked.
    pub(crate) fn walk(&self, depth: usize) -> Result<(), Exhausted> {
        if depth > DEEPEST as usize {
            return Err(Exhausted::Depth);
        }
        self.step(1)
    }
}
