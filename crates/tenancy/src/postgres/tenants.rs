//! The rows of `public.tenants` and `public.domains`.

use belfort_db::{Control, Queries as _};
use belfort_ids::TenantId;
use belfort_values::Word;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::ControlTx;
use super::tables::{domains, tenants};
use crate::{Host, Plan, Slug, Tenant, TenantStatus};

/// The address of a tenant, from a request.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Address {
    /// `{slug}.{base domain}`, or the slug in a header.
    Slug(Slug),
    /// A host name of the tenant's own.
    Host(Host),
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = tenants, check_for_backend(belfort_db::Backend))]
struct TenantRow {
    id: TenantId,
    slug: String,
    name: String,
    plan: String,
    status: String,
    lane: i16,
    created_at: DateTime<Utc>,
}

impl TryFrom<TenantRow> for Tenant {
    type Error = diesel::result::Error;

    fn try_from(row: TenantRow) -> Result<Self, Self::Error> {
        let corrupt =
            |e: Box<dyn std::error::Error + Send + Sync>| diesel::result::Error::DeserializationError(e);
        Ok(Self {
            id: row.id,
            slug: Slug::parse(&row.slug).map_err(|e| corrupt(e.into()))?,
            name: row.name,
            plan: Plan::parse(&row.plan).map_err(|e| corrupt(e.into()))?,
            status: TenantStatus::parse(&row.status).map_err(|e| corrupt(e.into()))?,
            lane: row.lane,
            created_at: row.created_at,
        })
    }
}

/// Looks up the tenant at this address.
pub fn find(db: &mut impl Control, address: &Address) -> QueryResult<Option<Tenant>> {
    let row = match address {
        Address::Slug(slug) => {
            db.find(tenants::table.filter(tenants::slug.eq(slug.as_str())).select(TenantRow::as_select()))
        }
        Address::Host(host) => db.find(
            domains::table
                .inner_join(tenants::table)
                .filter(domains::host.eq(host.as_str()))
                .select(TenantRow::as_select()),
        ),
    };
    row?.map(Tenant::try_from).transpose()
}

/// Looks up a tenant by its id.
pub fn get(db: &mut impl Control, id: TenantId) -> QueryResult<Option<Tenant>> {
    let row = db.find(tenants::table.find(id).select(TenantRow::as_select()))?;
    row.map(Tenant::try_from).transpose()
}

/// Lists all tenants, by slug.
pub fn list(db: &mut impl Control) -> QueryResult<Vec<Tenant>> {
    let rows: Vec<TenantRow> = db.rows(tenants::table.order(tenants::slug).select(TenantRow::as_select()))?;
    rows.into_iter().map(Tenant::try_from).collect()
}

/// Lists the host names of the tenant's own.
pub fn domains(db: &mut impl Control, id: TenantId) -> QueryResult<Vec<String>> {
    db.rows(domains::table.filter(domains::tenant_id.eq(id)).order(domains::host).select(domains::host))
}

/// Sets the plan of a tenant. Returns false when there is no such tenant.
pub fn set_plan(db: &mut impl Control, id: TenantId, plan: Plan) -> QueryResult<bool> {
    let set = (tenants::plan.eq(plan.as_str()), next_version());
    Ok(db.run(diesel::update(tenants::table.find(id)).set(set))? == 1)
}

/// Adds a host name to the tenant.
///
/// # Errors
/// A unique violation of `domains_pkey` when a tenant has this host name already.
pub fn add_domain(db: &mut ControlTx, id: TenantId, host: &Host) -> QueryResult<()> {
    let row = (domains::host.eq(host.as_str()), domains::tenant_id.eq(id));
    db.run(diesel::insert_into(domains::table).values(row))?;
    db.run(diesel::update(tenants::table.find(id)).set(next_version())).map(drop)
}

/// Removes a host name from the tenant. Returns false when it was not this tenant's.
pub fn remove_domain(db: &mut ControlTx, id: TenantId, host: &Host) -> QueryResult<bool> {
    let row = domains::table.find(host.as_str()).filter(domains::tenant_id.eq(id));
    if db.run(diesel::delete(row))? == 0 {
        return Ok(false);
    }
    db.run(diesel::update(tenants::table.find(id)).set(next_version()))?;
    Ok(true)
}

/// Bumps the version, so that a stale `If-Match` is refused.
fn next_version() -> diesel::dsl::Eq<tenants::version, diesel::dsl::Add<tenants::version, i32>> {
    tenants::version.eq(tenants::version + 1)
}
