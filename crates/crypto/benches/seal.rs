//! The cost of sealing and opening 64 bytes, with the derivation of the key.

#![expect(missing_docs, reason = "criterion's macro makes a public function")]

use std::hint::black_box;

use belfort_crypto::{Column, Keyring};
use belfort_ids::TenantId;
use criterion::{Criterion, criterion_group, criterion_main};

const COLUMN: Column = Column::new("integrations.token");

fn seal_and_open(c: &mut Criterion) {
    let Ok(ring) = Keyring::parse(&Keyring::generate_key()) else { return };
    let tenant = TenantId::new(chrono::DateTime::UNIX_EPOCH);
    let plaintext = [7; 64];
    let sealed = ring.seal(tenant, COLUMN, &plaintext);
    c.bench_function("seal 64 B", |b| b.iter(|| ring.seal(tenant, COLUMN, black_box(&plaintext))));
    c.bench_function("open 64 B", |b| {
        b.iter(|| ring.open(tenant, COLUMN, sealed.key_id, black_box(&sealed.token)));
    });
}

criterion_group!(benches, seal_and_open);
criterion_main!(benches);
