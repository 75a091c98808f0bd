//! The faults that are found in the small API when it is broken.

use super::*;

/// Something mounted that recorded just this.
struct Fake(Vec<(&'static str, HttpMethod, DefaultOperationRaw)>);

impl Mountable for Fake {
    fn path(&self) -> &'static str {
        ""
    }
    fn operations(&mut self) -> BTreeMap<HttpMethod, DefaultOperationRaw> {
        BTreeMap::new()
    }
    fn definitions(&mut self) -> BTreeMap<String, DefaultSchemaRaw> {
        BTreeMap::new()
    }
    fn security_definitions(&mut self) -> BTreeMap<String, SecurityScheme> {
        BTreeMap::new()
    }
    fn update_operations(&mut self, map: &mut BTreeMap<String, paperclip::v2::models::DefaultPathItemRaw>) {
        for (path, method, operation) in self.0.drain(..) {
            map.entry(path.to_owned()).or_default().methods.insert(method, operation);
        }
    }
}

fn good(id: &str) -> DefaultOperationRaw {
    let mut operation = DefaultOperationRaw {
        operation_id: Some(id.to_owned()),
        summary: Some("Do it".to_owned()),
        tags: vec!["Tasks".to_owned()],
        ..DefaultOperationRaw::default()
    };
    public(&mut operation);
    response(&mut operation, 204, "Done.", None, &[]);
    operation
}

/// The faults of `GET path`, which is good but for what `break_it` does to it.
fn faults_of(path: &'static str, break_it: impl FnOnce(&mut DefaultOperationRaw)) -> Vec<String> {
    let mut operation = good("do_it");
    break_it(&mut operation);
    faults(vec![(path, HttpMethod::Get, operation)])
}

fn faults(routes: Vec<(&'static str, HttpMethod, DefaultOperationRaw)>) -> Vec<String> {
    match document(&info(), &mut [&mut Fake(routes)]) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[track_caller]
fn one(faults: Vec<String>, expect: &str) {
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains(expect), "{faults:?}");
}

#[test]
fn a_good_operation_has_no_fault() {
    assert_eq!(faults_of("/x", |_| {}), Vec::<String>::new());
}

#[test]
fn an_operation_needs_an_id_a_tag_a_summary_and_an_answer() {
    one(faults_of("/x", |it| it.operation_id = None), "GET /x: has no operation id");
    one(faults_of("/x", |it| it.operation_id = Some("listTasks".into())), "not snake_case");
    one(faults_of("/x", |it| it.tags.clear()), "has no tag");
    one(faults_of("/x", |it| it.tags.push("Other".into())), "the tag `Other` is not described");
    one(faults_of("/x", |it| it.summary = Some(" ".into())), "has no summary");
    one(faults_of("/x", |it| it.responses.clear()), "describes no response");
}

#[test]
fn all_faults_are_said_at_once() {
    let all = faults_of("/x", |it| *it = DefaultOperationRaw::default());
    assert_eq!(all.len(), 5, "{all:?}");
}

#[test]
fn a_problem_alone_is_no_answer() {
    let only_problem = |it: &mut DefaultOperationRaw| {
        it.responses.clear();
        problems(it, &[404]);
    };
    one(faults_of("/x", only_problem), "describes no response");
}

#[test]
fn an_operation_id_is_taken_once() {
    let routes = vec![("/x", HttpMethod::Get, good("do_it")), ("/y", HttpMethod::Get, good("do_it"))];
    one(faults(routes), "GET /y: the operation id `do_it` is already that of GET /x");
}

#[test]
fn path_parameters_are_those_of_the_path() {
    let named = |name: &'static str| {
        move |it: &mut DefaultOperationRaw| {
            path_parameters(it, vec![schema::<Uuid>()]);
            for parameter in &mut it.parameters {
                parameter.name = name.to_owned();
            }
        }
    };
    assert_eq!(faults_of("/x/{id}", named("id")), Vec::<String>::new());
    one(faults_of("/x/{id}", |_| {}), "the path has `{id}`, but");
    one(faults_of("/x", named("id")), "parameter `id`, which is not in the path");
    one(faults_of("/x", named("")), "a path parameter that has no name");
}

#[test]
fn who_may_call_is_said_once_and_clearly() {
    one(faults_of("/x", |it| it.security.clear()), "neither who may call it");
    one(faults_of("/x", secured), "that it is public and that it is secured");
    let other = |it: &mut DefaultOperationRaw| {
        it.security = vec![BTreeMap::from([("oauth".to_owned(), Vec::new())])];
    };
    one(faults_of("/x", other), "the security scheme `oauth`");
    let two = |it: &mut DefaultOperationRaw| {
        it.security.clear();
        permission(it, "tasks", "read");
        permission(it, "tasks", "read");
        permission(it, "tasks", "update");
    };
    one(faults_of("/x", two), "more than one permission");
}

#[test]
fn a_reference_leads_somewhere() {
    let dangling = |it: &mut DefaultOperationRaw| response(it, 200, "", Some(by_name("Nobody")), &[]);
    one(faults_of("/x", dangling), "`Nobody`, which no type defines");
    let in_literal = |it: &mut DefaultOperationRaw| {
        let schema = json!({ "$ref": "#/components/schemas/Nobody" });
        response(it, 200, "", Some(literal(None, schema, Vec::new())), &[]);
    };
    one(faults_of("/x", in_literal), "`Nobody`, which no type defines");
}

#[test]
fn two_types_do_not_share_a_name() {
    let text =
        |length: u32| literal(Some("Text"), json!({ "type": "string", "maxLength": length }), Vec::new());
    let at_the_top = |it: &mut DefaultOperationRaw| {
        body(it, text(1));
        response(it, 200, "", Some(text(2)), &[]);
    };
    one(faults_of("/x", at_the_top), "another type is already published as `Text`");
    let list = |items| DefaultSchemaRaw {
        data_type: Some(DataType::Array),
        items: Some(Box::new(items)),
        ..DefaultSchemaRaw::default()
    };
    let within = |it: &mut DefaultOperationRaw| {
        body(it, list(text(1)));
        response(it, 200, "", Some(list(text(2))), &[]);
    };
    one(faults_of("/x", within), "another type is already published as `Text`");
}

/// Equal in shape, so that only the names tell them apart.
#[test]
fn two_types_that_differ_by_the_suffix_only_clash() {
    let named = |name| literal(Some(name), json!({ "type": "string" }), Vec::new());
    let both = |it: &mut DefaultOperationRaw| {
        body(it, named("Text"));
        response(it, 200, "", Some(named("TextView")), &[]);
    };
    one(faults_of("/x", both), "another type is already published as `Text`");
}

#[test]
fn a_type_argument_needs_a_name() {
    let unnamed = |it: &mut DefaultOperationRaw| response(it, 200, "", Some(schema::<Page<String>>()), &[]);
    one(faults_of("/x", unnamed), "cannot be the name of a schema");
}

#[test]
fn a_parameter_is_said_once() {
    let twice = |it: &mut DefaultOperationRaw| {
        query_parameters(it, Filter::raw_schema());
        query_parameters(it, Renamed::raw_schema());
        query_parameters(it, Renamed::raw_schema());
    };
    one(faults_of("/x", twice), "documents the query parameter `title` twice");
}

#[test]
fn problems_are_listed_of_operations_that_there_are() {
    let listed = Info { problems: vec![("undo_it".into(), vec![409])], ..info() };
    let faults = document(&listed, &mut []).unwrap_err();
    assert_eq!(faults, [Fault::UnknownOperation { id: "undo_it".into() }]);
}

#[test]
fn a_route_is_mounted_once() {
    let route = || vec![("/x", HttpMethod::Get, good("do_it"))];
    let twice = document(&info(), &mut [&mut Fake(route()), &mut Fake(route())]).unwrap_err();
    assert_eq!(twice, [Fault::DuplicateRoute { at: "GET /x".into() }]);
    let named = |id: &str, name: &str| {
        let mut operation = good(id);
        path_parameters(&mut operation, vec![schema::<Uuid>()]);
        operation.parameters[0].name = name.to_owned();
        operation
    };
    let same = vec![
        ("/x/{a}", HttpMethod::Get, named("do_it", "a")),
        ("/x/{b}", HttpMethod::Put, named("do_more", "b")),
    ];
    one(faults(same), "/x/{a} and /x/{b} are the same path");
}

#[test]
fn paperclips_own_extractors_are_understood_too() {
    /// Show one
    #[api_v2_operation(operation_id = "show_one", tags(Tasks))]
    async fn show_one(_: web::Path<Uuid>, _: web::Query<BTreeMap<String, String>>) -> web::Json<Status> {
        web::Json(Status::Todo)
    }
    let mut scope = web::scope("/x").service(web::resource("/{id}").route(web::get().to(show_one)));
    let faults = document(&info(), &mut [&mut scope]).unwrap_err();
    assert_eq!(faults, [Fault::NoSecurity { at: "GET /x/{id}".into() }]);
}
