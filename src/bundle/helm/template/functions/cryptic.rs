//! Functions whose results are random, secret, or slow to compute: a substitute of the same form,
//! marked as unknown.

use std::rc::Rc;

use super::super::value::{Data, Value};
use super::super::value::{Field, Object, Struct};
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("randAlpha", "i", |call| letters(call, "x")),
    function("randAlphaNum", "i", |call| letters(call, "x")),
    function("randAscii", "i", |call| letters(call, "x")),
    function("randNumeric", "i", |call| letters(call, "1")),
    function("randBytes", "i", |call| {
        let bytes = count(call)?;
        letters_of(call, "eA", bytes.div_ceil(3) * 2)
    }),
    function("randInt", "ii", |call| {
        Ok(Value::int(call.int(0)).with_origin(call.origins.unknown()))
    }),
    function("uuidv4", "", |call| stand_in(call, "00000000-0000-4000-8000-000000000000")),
    function("shuffle", "s", |call| {
        Ok(Value { origin: call.origins.unknown(), ..call.str(0).into() })
    }),
    function("bcrypt", "s", |call| stand_in(call, "$2a$10$xxxxxxxxxxxxxxxxxxxxxx")),
    function("htpasswd", "ss", |call| {
        let user = call.str(0).to_owned();
        stand_in(call, &format!("{user}:$2a$10$xxxxxxxxxxxxxxxxxxxxxx"))
    }),
    function("derivePassword", "ussss", |call| stand_in(call, "xxxxxxxxxxxxxxxx")),
    function("genPrivateKey", "s", |call| stand_in(call, KEY)),
    function("genCA", "si", certificate),
    function("genCAWithKey", "sis", certificate),
    function("genSelfSignedCert", "slli", certificate),
    function("genSelfSignedCertWithKey", "sllis", certificate),
    function("genSignedCert", "sllic", certificate),
    function("genSignedCertWithKey", "sllics", certificate),
    function("buildCustomCert", "ss", certificate),
    function("encryptAES", "ss", |call| stand_in(call, "eHh4eHh4eHh4eHh4eHh4eA==")),
    function("decryptAES", "ss", |call| stand_in(call, "xxxxxxxx")),
];

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nxxxx\n-----END RSA PRIVATE KEY-----\n";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nxxxx\n-----END CERTIFICATE-----\n";

fn stand_in(call: &mut Call<'_>, text: &str) -> Outcome {
    Ok(Value::from(text).with_origin(call.origins.unknown()))
}

fn count(call: &Call<'_>) -> Result<usize, Error> {
    usize::try_from(call.int(0)).map_err(|_| "runtime error: makeslice: len out of range".into())
}

fn letters(call: &mut Call<'_>, letter: &str) -> Outcome {
    let count = count(call)?;
    letters_of(call, letter, count)
}

fn letters_of(call: &mut Call<'_>, letter: &str, count: usize) -> Outcome {
    call.budget.room(count.saturating_mul(letter.len()))?;
    let text = letter.repeat(count);
    stand_in(call, &text)
}

fn certificate(call: &mut Call<'_>) -> Outcome {
    let origin = call.origins.unknown();
    let field =
        |name, text: &str| Field { name, json: name, value: Value::from(text).with_origin(origin) };
    let fields = vec![field("Cert", CERTIFICATE), field("Key", KEY)];
    let it = Struct { type_name: "sprig.certificate", fields, shown: None };
    Ok(Value { data: Data::Object(Object::Struct(Rc::new(it))), origin })
}
