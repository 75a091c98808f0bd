//! The cost of a login: one hash, and one verification.
#![expect(missing_docs, reason = "criterion's macros make items of their own")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot start may say so and stop")]

use std::hint::black_box;

use belfort_auth::{HashParams, Hasher, Password};
use criterion::{Criterion, criterion_group, criterion_main};

fn password(c: &mut Criterion) {
    let hasher = Hasher::new(HashParams::default()).expect("the default parameters are good");
    let password = Password::parse("correct horse battery staple".to_owned()).expect("a good password");
    let hash = hasher.hash(&password).expect("there is memory");
    let mut group = c.benchmark_group("password");
    group.sample_size(20);
    group.bench_function("hash", |b| b.iter(|| hasher.hash(black_box(&password))));
    group.bench_function("verify", |b| b.iter(|| hasher.verify(black_box(&password), black_box(&hash))));
    group.bench_function("verify_decoy", |b| b.iter(|| hasher.verify_decoy(black_box(&password))));
    group.finish();
}

criterion_group!(benches, password);
criterion_main!(benches);
