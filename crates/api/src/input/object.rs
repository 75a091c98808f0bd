//! Objects read from bodies and query strings, with every problem reported at once.

use std::marker::PhantomData;

use belfort_openapi as openapi;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde_json::{Map, Value};

use super::{Field, FieldViolation};
use crate::error::{ApiResult, FieldCode, FieldError, Problem};

/// The type of a field, with what it means when the field is absent.
///
/// | type | absent | null | read as |
/// | --- | --- | --- | --- |
/// | `T` | refused | refused | `T` |
/// | `Option<T>` | `None` | refused | `Option<T>` |
/// | `OrDefault<T>` | the default | refused | `T` |
/// | `OrTrue` | `true` | refused | `bool` |
/// | `Nullable<T>` | `None` | `None` | `Option<T>` |
/// | `Patch<T>` | `None`: keep it | `Some(None)`: clear it | `Option<Option<T>>` |
pub(crate) trait InputField {
    /// The type of the value.
    type Value;
    /// Whether the field is required.
    const REQUIRED: bool = false;
    /// Its schema.
    fn schema() -> DefaultSchemaRaw;
    /// The value, from JSON.
    fn take(value: Option<&Value>) -> Result<Self::Value, FieldViolation>;
    /// The value, from a query string.
    fn take_text(text: Option<&str>) -> Result<Self::Value, FieldViolation>;
}

fn required<T>(found: Option<Result<T, FieldViolation>>) -> Result<T, FieldViolation> {
    found.unwrap_or_else(|| Err(FieldViolation(FieldCode::Required, "is required".into())))
}

fn schema_of<T: Field>() -> DefaultSchemaRaw {
    openapi::literal(None, T::schema(), Vec::new())
}

impl<T: Field> InputField for T {
    type Value = T::Value;
    const REQUIRED: bool = true;
    fn schema() -> DefaultSchemaRaw {
        schema_of::<T>()
    }
    fn take(value: Option<&Value>) -> Result<Self::Value, FieldViolation> {
        required(value.map(T::read))
    }
    fn take_text(text: Option<&str>) -> Result<Self::Value, FieldViolation> {
        required(text.map(T::read_text))
    }
}

impl<T: Field> InputField for Option<T> {
    type Value = Option<T::Value>;
    fn schema() -> DefaultSchemaRaw {
        schema_of::<T>()
    }
    fn take(value: Option<&Value>) -> Result<Self::Value, FieldViolation> {
        value.map(T::read).transpose()
    }
    fn take_text(text: Option<&str>) -> Result<Self::Value, FieldViolation> {
        text.map(T::read_text).transpose()
    }
}

/// A field with a default.
pub(crate) struct OrDefault<T>(PhantomData<T>);

impl<T: Field<Value: Default>> InputField for OrDefault<T> {
    type Value = T::Value;
    fn schema() -> DefaultSchemaRaw {
        schema_of::<T>()
    }
    fn take(value: Option<&Value>) -> Result<Self::Value, FieldViolation> {
        Ok(<Option<T> as InputField>::take(value)?.unwrap_or_default())
    }
    fn take_text(text: Option<&str>) -> Result<Self::Value, FieldViolation> {
        Ok(<Option<T> as InputField>::take_text(text)?.unwrap_or_default())
    }
}

/// A field whose default is true.
pub(crate) struct OrTrue;

impl InputField for OrTrue {
    type Value = bool;
    fn schema() -> DefaultSchemaRaw {
        schema_of::<bool>()
    }
    fn take(value: Option<&Value>) -> Result<bool, FieldViolation> {
        Ok(<Option<bool> as InputField>::take(value)?.unwrap_or(true))
    }
    fn take_text(text: Option<&str>) -> Result<bool, FieldViolation> {
        Ok(<Option<bool> as InputField>::take_text(text)?.unwrap_or(true))
    }
}

/// A field that may be absent or null, which mean the same.
pub(crate) struct Nullable<T>(PhantomData<T>);

impl<T: Field> InputField for Nullable<T> {
    type Value = Option<T::Value>;
    fn schema() -> DefaultSchemaRaw {
        openapi::patchable(schema_of::<T>())
    }
    fn take(value: Option<&Value>) -> Result<Self::Value, FieldViolation> {
        value.filter(|value| !value.is_null()).map(T::read).transpose()
    }
    fn take_text(text: Option<&str>) -> Result<Self::Value, FieldViolation> {
        text.map(T::read_text).transpose()
    }
}

/// A field of a patch. Absent: keep it. Null: clear it. A value: set it.
pub(crate) struct Patch<T>(PhantomData<T>);

impl<T: Field> InputField for Patch<T> {
    type Value = Option<Option<T::Value>>;
    fn schema() -> DefaultSchemaRaw {
        Nullable::<T>::schema()
    }
    fn take(value: Option<&Value>) -> Result<Self::Value, FieldViolation> {
        value.map(|value| Nullable::<T>::take(Some(value))).transpose()
    }
    fn take_text(text: Option<&str>) -> Result<Self::Value, FieldViolation> {
        text.map(|text| T::read_text(text).map(Some)).transpose()
    }
}

/// An object being read.
#[derive(Debug)]
pub(crate) enum Fields {
    /// From a JSON body.
    Json(Map<String, Value>, Vec<FieldError>),
    /// From a query string.
    Query(Vec<(String, String)>, Vec<FieldError>),
}

impl Fields {
    pub(crate) fn take<M: InputField>(&mut self, name: &'static str) -> Option<M::Value> {
        let (member, errors) = match self {
            Self::Json(object, errors) => (M::take(object.remove(name).as_ref()), errors),
            Self::Query(pairs, errors) => {
                let mut found: Vec<String> =
                    pairs.extract_if(.., |(key, _)| key == name).map(|(_, v)| v).collect();
                let member = if found.len() > 1 {
                    Err(FieldViolation::invalid("must be given only once"))
                } else {
                    M::take_text(found.pop().as_deref())
                };
                (member, errors)
            }
        };
        match member {
            Ok(value) => Some(value),
            Err(FieldViolation(code, detail)) => {
                errors.push(FieldError { field: name.to_owned(), code, detail });
                None
            }
        }
    }

    /// The object, if it has no problem and no unknown field.
    pub(crate) fn finish<T>(self, object: Option<T>) -> ApiResult<T> {
        let unknown = |field| FieldError {
            field,
            code: FieldCode::UnknownField,
            detail: "is not a field of this operation".into(),
        };
        match (self, object) {
            (Self::Json(left, errors), Some(object)) if left.is_empty() && errors.is_empty() => Ok(object),
            (Self::Query(left, errors), Some(object)) if left.is_empty() && errors.is_empty() => Ok(object),
            (Self::Json(left, errors), _) => {
                let left = left.into_iter().map(|(field, _)| unknown(field));
                Err(Problem::invalid(errors.into_iter().chain(left)))
            }
            (Self::Query(left, errors), _) => {
                let left = left.into_iter().map(|(field, _)| unknown(field));
                Err(Problem::invalid(errors.into_iter().chain(left)))
            }
        }
    }
}

/// An object that is read field by field. Made by [`input!`].
pub(crate) trait Input {
    /// The type that it is read into: a type of the domain, or the input itself.
    type Output;
    /// Reads the object. Its problems are added to `fields`.
    fn read(fields: &mut Fields) -> Option<Self::Output>;
    /// Documents its fields as parameters of the query string.
    fn document_query(op: &mut DefaultOperationRaw);
}

/// Two objects in one query string.
impl<A: Input, B: Input> Input for (A, B) {
    type Output = (A::Output, B::Output);
    fn read(fields: &mut Fields) -> Option<Self::Output> {
        // Both are read before either is asked for, so that all that is wrong is told.
        let (a, b) = (A::read(fields), B::read(fields));
        a.zip(b)
    }
    fn document_query(op: &mut DefaultOperationRaw) {
        A::document_query(op);
        B::document_query(op);
    }
}

/// Declares an input: how it is read, into what, and how it is documented.
///
/// `struct UpdateTask for TaskPatch { … }` is read straight into the domain's `TaskPatch`: a field that one of them has and the
/// other has not does not compile. Without `for` it is read as itself.
macro_rules! input {
    ($(#[doc = $doc:literal])+ pub(crate) struct $name:ident for $target:ident {
        $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty,)*
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub(crate) struct $name;

        impl $crate::input::Input for $name {
            type Output = $target;
            $crate::input::input!(@read $target { $($field: $type,)* });
        }

        $crate::input::input!(@schema $name [$($doc)+] { $([$($field_doc)+] $field: $type,)* });
    };

    ($(#[doc = $doc:literal])+ pub(crate) struct $name:ident {
        $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty,)*
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub(crate) struct $name {
            $($(#[doc = $field_doc])+ pub(crate) $field: <$type as $crate::input::InputField>::Value,)*
        }

        impl $crate::input::Input for $name {
            type Output = Self;
            $crate::input::input!(@read Self { $($field: $type,)* });
        }

        $crate::input::input!(@schema $name [$($doc)+] { $([$($field_doc)+] $field: $type,)* });
    };

    (@read $target:ident { $($field:ident: $type:ty,)* }) => {
        fn read(fields: &mut $crate::input::Fields) -> Option<Self::Output> {
            // Each is taken before any is asked for, so that all that is wrong is told.
            $(let $field = fields.take::<$type>(stringify!($field));)*
            Some($target { $($field: $field?,)* })
        }

        fn document_query(op: &mut paperclip::v2::models::DefaultOperationRaw) {
            belfort_openapi::query_parameters(op, <Self as paperclip::v2::schema::Apiv2Schema>::raw_schema());
        }
    };

    (@schema $name:ident [$($doc:literal)+] { $([$($field_doc:literal)+] $field:ident: $type:ty,)* }) => {
        impl paperclip::v2::schema::Apiv2Schema for $name {
            fn name() -> Option<String> {
                Some(stringify!($name).to_owned())
            }

            fn raw_schema() -> paperclip::v2::models::DefaultSchemaRaw {
                let mut schema = paperclip::v2::models::DefaultSchemaRaw {
                    name: Self::name(),
                    description: Some(concat!($($doc),+).trim().to_owned()),
                    data_type: Some(paperclip::v2::models::DataType::Object),
                    ..Default::default()
                };
                $(
                    let mut member = <$type as $crate::input::InputField>::schema();
                    member.description = Some(concat!($($field_doc),+).trim().to_owned());
                    schema.properties.insert(stringify!($field).to_owned(), Box::new(member));
                    if <$type as $crate::input::InputField>::REQUIRED {
                        schema.required.insert(stringify!($field).to_owned());
                    }
                )*
                schema
            }
        }
    };
}
pub(crate) use input;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::input::PlainText;

    /// The domain's type for it.
    #[derive(Debug, PartialEq)]
    pub(crate) struct Target {
        on: bool,
        note: String,
    }

    input! {
        /// A thing that the domain knows.
        pub(crate) struct ReadAsTarget for Target {
            /// On?
            on: OrTrue,
            /// Whatever.
            note: OrDefault<PlainText<9>>,
        }
    }

    #[test]
    fn an_input_is_read_straight_into_the_type_of_the_domain() {
        let mut fields = Fields::Query(vec![("note".into(), "x".into())], Vec::new());
        let target = ReadAsTarget::read(&mut fields);
        assert_eq!(fields.finish(target).unwrap(), Target { on: true, note: "x".into() });
    }

    input! {
        /// A thing.
        pub(crate) struct Thing {
            /// On?
            on: bool,
            /// When.
            due_on: Patch<chrono::NaiveDate>,
            /// Who.
            people: Option<Vec<belfort_ids::UserId>>,
        }
    }

    fn read(value: Value) -> ApiResult<Thing> {
        let Value::Object(object) = value else { panic!("an object") };
        let mut fields = Fields::Json(object, Vec::new());
        let thing = Thing::read(&mut fields);
        fields.finish(thing)
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let problem = read(json!({ "on": "yes", "due_on": 7, "people": ["x"], "more": 1 })).unwrap_err();
        let text = serde_json::to_value(format!("{problem}")).unwrap();
        assert!(text.as_str().unwrap().starts_with("422 invalid"), "{text}");
    }

    #[test]
    fn absent_is_not_null() {
        let absent = read(json!({ "on": true })).unwrap();
        assert_eq!((absent.on, absent.due_on, absent.people), (true, None, None));
        assert_eq!(read(json!({ "on": true, "due_on": null })).unwrap().due_on, Some(None));
        assert!(read(json!({ "on": true, "people": null })).is_err());
    }
}
