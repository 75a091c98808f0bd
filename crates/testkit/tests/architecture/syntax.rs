//! Finds functions, closures and paths in the syntax of our sources, for the rules about grants.

use syn::visit::{self, Visit};
use syn::{
    FnArg, GenericArgument, GenericParam, Generics, Pat, PatType, PathArguments, PathSegment, Signature,
    Type, TypeParamBound, UseTree, Visibility, WherePredicate,
};

/// A function or a method.
pub(crate) struct Function {
    pub(crate) is_public: bool,
    signature: Signature,
    body: syn::Block,
}

/// The functions and methods of a file, without those of its tests.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    let mut functions = Functions(Vec::new());
    functions.visit_file(&syn::parse_file(text).unwrap());
    functions.0
}

/// Every path of a file, as imported or as written.
pub(crate) fn paths(text: &str) -> Vec<String> {
    let mut paths = Paths(Vec::new());
    paths.visit_file(&syn::parse_file(text).unwrap());
    paths.0
}

impl Function {
    pub(crate) fn name(&self) -> String {
        self.signature.ident.to_string()
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = &PatType> {
        self.signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(of) => Some(of),
            FnArg::Receiver(_) => None,
        })
    }

    /// Whether a parameter is a transaction that is bound to a tenant.
    pub(crate) fn takes_tenant(&self) -> bool {
        let generic = bound_to_tenant(&self.signature.generics);
        let mut types = TenantTypes { generic: &generic, found: false };
        self.parameters().for_each(|of| types.visit_type(&of.ty));
        types.found
    }

    pub(crate) fn visit_body(&self, visitor: &mut Uses<'_>) {
        visitor.visit_block(&self.body);
    }

    pub(crate) fn closures(&self) -> Vec<syn::ExprClosure> {
        let mut closures = Closures { given_to: None, found: Vec::new() };
        closures.visit_block(&self.body);
        closures.found
    }

    /// The closures that are arguments of methods with one of these names.
    pub(crate) fn closures_given_to(&self, methods: &[&str]) -> Vec<syn::ExprClosure> {
        let mut closures = Closures { given_to: Some(methods), found: Vec::new() };
        closures.visit_block(&self.body);
        closures.found
    }
}

/// Whether what the pattern binds is named `_`, or nowhere but to be thrown away. `visit` shows where it may be named.
pub(crate) fn is_unused(pattern: &Pat, visit: impl FnOnce(&mut Uses<'_>)) -> bool {
    let name = match pattern {
        Pat::Wild(_) => return true,
        Pat::Type(of) => return is_unused(&of.pat, visit),
        Pat::Ident(of) => of.ident.to_string(),
        // A grant has no fields that a pattern could take out of it.
        _ => return false,
    };
    // `|tx, NoFilter, …|`: the name of a type, which binds nothing.
    if name.starts_with(char::is_uppercase) {
        return false;
    }
    let mut uses = Uses { name: &name, found: false };
    visit(&mut uses);
    name.starts_with('_') || !uses.found
}

/// The last name of the path of a type, also of a reference to it.
pub(crate) fn last_segment(of: &Type) -> Option<&PathSegment> {
    match of {
        Type::Path(path) => path.path.segments.last(),
        Type::Reference(reference) => last_segment(&reference.elem),
        _ => None,
    }
}

pub(crate) fn is_named(segment: Option<&PathSegment>, name: &str) -> bool {
    segment.is_some_and(|segment| segment.ident == name)
}

/// The resource of a `&Grant<Resource, Action>`.
pub(crate) fn grant_of(of: &Type) -> Option<String> {
    let PathArguments::AngleBracketed(arguments) = &last_segment(of)?.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(resource) => Some(last_segment(resource)?.ident.to_string()),
        _ => None,
    }
}

/// Whether a name is part of a type.
pub(crate) fn mentions(of: &Type, name: &str) -> bool {
    let mut uses = Uses { name, found: false };
    uses.visit_type(of);
    uses.found
}

struct Functions(Vec<Function>);

impl Functions {
    fn push(&mut self, visibility: &Visibility, signature: &Signature, body: &syn::Block) {
        let is_public = matches!(visibility, Visibility::Public(_));
        self.0.push(Function { is_public, signature: signature.clone(), body: body.clone() });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = |of: &syn::Attribute| {
            of.path().is_ident("cfg") && of.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
        };
        if !module.attrs.iter().any(is_test) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.push(&function.vis, &function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.push(&function.vis, &function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}

struct Closures<'m> {
    given_to: Option<&'m [&'m str]>,
    found: Vec<syn::ExprClosure>,
}

impl<'ast> Visit<'ast> for Closures<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if self.given_to.is_some_and(|methods| methods.iter().any(|name| call.method == name)) {
            let closures = call.args.iter().filter_map(|argument| match argument {
                syn::Expr::Closure(closure) => Some(closure.clone()),
                _ => None,
            });
            self.found.extend(closures);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        if self.given_to.is_none() {
            self.found.push(closure.clone());
        }
        visit::visit_expr_closure(self, closure);
    }
}

struct Paths(Vec<String>);

impl Paths {
    fn unroll(&mut self, before: &str, tree: &UseTree) {
        match tree {
            UseTree::Path(next) => self.unroll(&format!("{before}{}::", next.ident), &next.tree),
            UseTree::Name(name) if name.ident == "self" => {
                self.0.push(before.trim_end_matches(':').to_owned());
            }
            UseTree::Name(name) => self.0.push(format!("{before}{}", name.ident)),
            UseTree::Rename(name) => self.0.push(format!("{before}{}", name.ident)),
            UseTree::Glob(_) => self.0.push(format!("{before}*")),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.unroll(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.unroll("", &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.0.push(names.join("::"));
        visit::visit_path(self, path);
    }
}

fn is_tenant(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    let last = bound.path.segments.last();
    is_named(last, "Tenant") || is_named(last, "TenantDb")
}

/// The generic parameters that are such a transaction.
fn bound_to_tenant(generics: &Generics) -> Vec<String> {
    let inline = generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(of) if of.bounds.iter().any(is_tenant) => Some(of.ident.to_string()),
        _ => None,
    });
    let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let after = predicates.filter_map(|predicate| match predicate {
        WherePredicate::Type(of) if of.bounds.iter().any(is_tenant) => {
            Some(last_segment(&of.bounded_ty)?.ident.to_string())
        }
        _ => None,
    });
    inline.chain(after).collect()
}

struct TenantTypes<'g> {
    generic: &'g [String],
    found: bool,
}

impl<'ast> Visit<'ast> for TenantTypes<'_> {
    fn visit_type_impl_trait(&mut self, of: &'ast syn::TypeImplTrait) {
        self.found |= of.bounds.iter().any(is_tenant);
    }

    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        let name = segment.ident.to_string();
        self.found |= name == "TenantTx" || self.generic.contains(&name);
        visit::visit_path_segment(self, segment);
    }
}

/// Whether a name is used, other than in `let _ = name`.
pub(crate) struct Uses<'n> {
    name: &'n str,
    found: bool,
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_local(&mut self, local: &'ast syn::Local) {
        let is_bare = |init: &syn::LocalInit| matches!(&*init.expr, syn::Expr::Path(path) if path.path.is_ident(self.name));
        if !(matches!(local.pat, Pat::Wild(_)) && local.init.as_ref().is_some_and(is_bare)) {
            visit::visit_local(self, local);
        }
    }

    fn visit_ident(&mut self, name: &'ast syn::Ident) {
        self.found |= name == self.name;
    }

    fn visit_macro(&mut self, of: &'ast syn::Macro) {
        let tokens = of.tokens.to_string();
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        self.found |= tokens.split(|c| !is_name(c)).any(|word| word == self.name);
    }
}
