//! How long a whole run takes, from paths to findings, on a synthetic repository.

#![allow(clippy::expect_used)]

mod repository;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netpol_lint::Request;
use repository::Size;

fn whole_runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    let size = |namespaces, files| Size { namespaces, files, operators: namespaces / 10 };
    for size in [size(40, 2_000), size(80, 4_000)] {
        let folder = tempfile::tempdir().expect("a temporary directory");
        repository::write(folder.path(), size).expect("room for the repository");
        let request = Request { cwd: folder.path().to_owned(), ..Request::default() };
        group.throughput(Throughput::Elements(size.files as u64));
        group.bench_function(BenchmarkId::from_parameter(size.files), |bencher| {
            bencher.iter(|| netpol_lint::check(&request, &()).expect("a readable repository"));
        });
    }
    group.finish();
}

criterion_group!(benches, whole_runs);
criterion_main!(benches);
