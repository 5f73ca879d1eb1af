//! The values that are Go structs in helm: the chart, the cluster's capabilities, files, versions.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::call::{Call, Error, Outcome};
use super::semver::Version;
use super::value::{Data, Files, ItemKind, List, Map, MapKind, Object, Value};
use super::{date, glob, yaml};

impl Object {
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Files(files) => !files.is_empty(),
            Self::Versions(all) => !all.is_empty(),
            Self::Struct(_) | Self::Time(_) | Self::Version(_) => true,
        }
    }

    /// How much work it is to look at it once.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Files(files) => files.len().saturating_mul(64),
            _ => 0,
        }
    }

    /// The bytes that it has in JSON, at most.
    pub(crate) fn json_size(&self) -> usize {
        match self {
            Self::Files(files) => {
                files.iter().map(|(name, bytes)| name.len() + bytes.len().saturating_mul(2)).sum()
            }
            _ => 0,
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Struct(it) => it.type_name,
            Self::Files(_) => "engine.files",
            Self::Versions(_) => "chartutil.VersionSet",
            Self::Time(_) => "time.Time",
            Self::Version(_) => "*semver.Version",
        }
    }

    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Struct(it) if it.type_name.starts_with('*') => "ptr",
            Self::Struct(_) | Self::Time(_) => "struct",
            Self::Files(_) => "map",
            Self::Versions(_) => "slice",
            Self::Version(_) => "ptr",
        }
    }

    /// The field with that name.
    pub(crate) fn field(&self, name: &str) -> Option<Value> {
        match self {
            Self::Struct(it) => {
                it.fields.iter().find(|field| field.name == name).map(|field| field.value.clone())
            }
            Self::Files(files) => {
                // A map with names as keys.
                Some(
                    files
                        .get(name)
                        .map_or(Data::Bytes(Rc::from([])), |b| Data::Bytes(b.clone()))
                        .into(),
                )
            }
            Self::Versions(_) | Self::Time(_) | Self::Version(_) => None,
        }
    }

    /// Calls the method with that name; `None` if it has no such method.
    pub(crate) fn method(&self, name: &str, call: &mut Call<'_>) -> Option<Outcome> {
        match (self, name) {
            (Self::Files(files), _) => files_method(files, name, call),
            (Self::Versions(all), "Has") => Some(call.want("s").map(|()| {
                let wanted = call.str(0);
                all.iter().any(|version| *version == wanted).into()
            })),
            (Self::Struct(it), "GitVersion" | "String") if it.shown.is_some() => {
                Some(call.want("").map(|()| it.shown.clone().unwrap_or_default().into()))
            }
            (Self::Time(seconds), _) => time_method(*seconds, name, call),
            (Self::Version(version), _) => version_method(version, name, call),
            _ => None,
        }
    }

    /// Its own printed form, if it has one.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::Struct(it) => it.shown.clone(),
            Self::Time(seconds) => Some(date::format(*seconds, "2006-01-02 15:04:05 -0700 MST")),
            Self::Version(version) => Some(version.to_string()),
            Self::Files(_) | Self::Versions(_) => None,
        }
    }

    /// Its JSON form.
    pub(crate) fn as_json(&self) -> Value {
        match self {
            Self::Struct(it) => {
                let map = Map::new(MapKind::Any);
                for field in it.fields.iter().filter(|field| field.value.is_true()) {
                    map.set(field.json, field.value.clone());
                }
                map.into()
            }
            Self::Files(files) => {
                let map = Map::new(MapKind::Any);
                for (name, bytes) in files.iter() {
                    map.set(name, STANDARD.encode(bytes).into());
                }
                map.into()
            }
            Self::Versions(all) => {
                let items = all.iter().map(|version| Value::from(version.as_str())).collect();
                List::new(items, ItemKind::Str).map_or(Value::nil(), |list| Data::List(list).into())
            }
            Self::Time(seconds) => date::format(*seconds, "2006-01-02T15:04:05Z07:00").into(),
            Self::Version(version) => version.to_string().into(),
        }
    }
}

fn files_method(files: &Rc<Files>, name: &str, call: &mut Call<'_>) -> Option<Outcome> {
    let wanted = match name {
        "Get" | "GetBytes" | "Glob" | "Lines" => "s",
        "AsConfig" | "AsSecrets" => "",
        _ => return None,
    };
    if let Err(error) = call.want(wanted) {
        return Some(Err(error));
    }
    let looked_at = match name {
        "Get" | "GetBytes" => files.get(call.str(0)).map_or(0, |bytes| bytes.len()),
        // A line is a value.
        "Lines" => files.get(call.str(0)).map_or(0, |bytes| lines_size(bytes)),
        // A pattern is compiled.
        "Glob" => {
            files.len().saturating_mul(128) + call.str(0).len().saturating_mul(1024) + (1 << 17)
        }
        _ => files.values().map(|bytes| bytes.len().saturating_mul(2)).sum(),
    };
    if let Err(limit) = call.budget.room(looked_at) {
        return Some(Err(limit.into()));
    }
    Some(match name {
        "Get" => {
            let bytes = files.get(call.str(0)).cloned().unwrap_or_default();
            Ok(String::from_utf8_lossy(&bytes).into_owned().into())
        }
        "GetBytes" => Ok(Data::Bytes(files.get(call.str(0)).cloned().unwrap_or_default()).into()),
        "Glob" => glob::Glob::new(call.str(0)).map_err(Error::from).map(|glob| {
            let found = files.iter().filter(|(name, _)| glob.is_match(name));
            let found = found.map(|(name, bytes)| (name.clone(), bytes.clone())).collect();
            Data::Object(Object::Files(Rc::new(found))).into()
        }),
        "Lines" => {
            let bytes = files.get(call.str(0)).cloned().unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
            let lines =
                if bytes.is_empty() { Vec::new() } else { lines.map(Value::from).collect() };
            call.list(lines, ItemKind::Str)
        }
        _ => {
            let map = Map::new(MapKind::Strings);
            for (path, bytes) in files.iter() {
                let base = path.rsplit('/').next().unwrap_or(path);
                let text = match name {
                    "AsConfig" => String::from_utf8_lossy(bytes).into_owned(),
                    _ => STANDARD.encode(bytes),
                };
                map.set(base, text.into());
            }
            yaml::to_yaml(&map.into(), call.budget).map(Value::from).map_err(Error::from)
        }
    })
}

fn lines_size(bytes: &[u8]) -> usize {
    let lines = memchr::memchr_iter(b'\n', bytes).count() + 1;
    lines.saturating_mul(128).saturating_add(bytes.len())
}

fn time_method(seconds: i64, name: &str, call: &mut Call<'_>) -> Option<Outcome> {
    let number = |layout: &str| {
        let text = date::format(seconds, layout);
        Ok(Value::int(text.trim_start_matches('0').parse().unwrap_or(0)))
    };
    Some(match name {
        "Format" => call.want("s").map(|()| date::format(seconds, call.str(0)).into()),
        "Unix" => Ok(Value::int64(seconds)),
        "UnixNano" => Ok(Value::int64(seconds.saturating_mul(1_000_000_000))),
        "Year" => number("2006"),
        "Month" => Ok(date::format(seconds, "January").into()),
        "Day" => number("2"),
        "Hour" => number("15"),
        "Minute" => number("4"),
        "Second" => number("5"),
        "String" => Ok(date::format(seconds, "2006-01-02 15:04:05 -0700 MST").into()),
        "UTC" | "Local" => Ok(Data::Object(Object::Time(seconds)).into()),
        _ => return None,
    })
}

fn version_method(version: &Rc<Version>, name: &str, call: &mut Call<'_>) -> Option<Outcome> {
    let number = |part: u64| Ok(Data::Int(part as i64, super::value::IntKind::Uint64).into());
    Some(match name {
        "Major" => number(version.major),
        "Minor" => number(version.minor),
        "Patch" => number(version.patch),
        "Prerelease" => Ok(version.pre.as_str().into()),
        "Metadata" => Ok(version.build.as_str().into()),
        "Original" => Ok(version.original.as_str().into()),
        "String" => Ok(version.to_string().into()),
        "Compare" => match call.args.first().map(|value| &value.data) {
            Some(Data::Object(Object::Version(other))) => {
                Ok(Value::int(version.compare(other) as i64))
            }
            _ => Err("wrong type for value; expected *semver.Version".into()),
        },
        _ => return None,
    })
}
