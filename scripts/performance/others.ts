/** What the page tells of a file of results: what it is about, and its figures as label, path of keys and unit. */
export interface Other {
  readonly name: string;
  readonly what: string;
  readonly figures: readonly (readonly [string, string, string])[];
}

export const others: readonly Other[] = [
  {
    name: 'state',
    what: 'CPU a decision over much state ÷ over one thousand (≤ 1.3)',
    figures: [
      ['warm', 'ratio_to_small.warm', ''],
      ['changed', 'ratio_to_small.changed', ''],
      ['unseen', 'ratio_to_small.unseen', ''],
      ['ready in', 'ready_ms.large.median', 'ms'],
      ['memory of its own that a worker had at most', 'anonymous_mb.large.1', 'MB'],
    ],
  },
  {
    name: 'start',
    what: 'start to the first right answer over much state (≤ 2 s)',
    figures: [
      ['devices', 'devices', ''],
      ['ready in', 'ready.large.median', 'ms'],
      ['decided in', 'decided.large.median', 'ms'],
    ],
  },
  {
    name: 'enforce',
    what: 'act to first denial, p99 (< 100 ms)',
    figures: [
      ['at rest: status', 'at_rest.set_status.from_begin.p99', 'ms'],
      ['hold', 'at_rest.hold.from_begin.p99', 'ms'],
      ['CRL', 'at_rest.crl.from_begin.p99', 'ms'],
      ['during bulk work: status', 'during_bulk_work.set_status.from_begin.p99', 'ms'],
      ['hold', 'during_bulk_work.hold.from_begin.p99', 'ms'],
      ['CRL', 'during_bulk_work.crl.from_begin.p99', 'ms'],
      ['failed calls', 'failed_calls', ''],
    ],
  },
  {
    name: 'during',
    what: 'p99 while a long CRL is applied ÷ at rest (≤ 2)',
    figures: [
      ['ratio', 'ratio_p99', ''],
      ['applying', 'applying.p99', 'ms'],
      ['beside a process of as much work that the server knows nothing of', 'control.p99', 'ms'],
      ['at rest', 'at_rest.p99', 'ms'],
      ['failed calls', 'failed_calls', ''],
    ],
  },
  {
    name: 'during-import',
    what: 'p99 while an inventory is imported ÷ at rest (≤ 2)',
    figures: [
      ['ratio', 'ratio_p99', ''],
      ['importing', 'importing.p99', 'ms'],
      ['beside a process of as much work that the server knows nothing of', 'control.p99', 'ms'],
      ['at rest', 'at_rest.p99', 'ms'],
      ['failed calls', 'failed_calls', ''],
    ],
  },
  {
    name: 'swap',
    what: 'p99 while bundles are put in force ÷ at rest (≤ 2)',
    figures: [
      ['ratio', 'ratio_p99', ''],
      ['exchanging', 'exchanging.p99', 'ms'],
      ['beside a process of as much work that the server knows nothing of', 'control.p99', 'ms'],
      ['at rest', 'at_rest.p99', 'ms'],
      ['failed calls', 'failed_calls', ''],
    ],
  },
  {
    name: 'reconnect',
    what: 'a whole fleet reconnects within 30 s, two workers and the load on all cores (none denied)',
    figures: [
      ['devices', 'devices', ''],
      ['let in at once', 'at_once.allowed', ''],
      ['denied', 'fates.denied', ''],
      ['shed at first, and let in later', 'at_once.shed', ''],
      ['all let in after', 'last_let_in_s', 's'],
      ['p50', 'answered_ms.p50', 'ms'],
      ['p99', 'answered_ms.p99', 'ms'],
      ['CPU a device', 'cpu_us_per_device', 'µs'],
      ['memory that a worker had at most', 'largest_worker_mib.most', 'MiB'],
    ],
  },
  ...(['overload', 'overload-envoy'] as const).map((name) => ({
    name,
    what: `three times the peak${name === 'overload' ? '' : ', through Envoy'} (goodput ≥ 0.8 of it, normal again within 2 s, none denied, worker ≤ 300 MB)`,
    figures: [
      ['seconds', 'seconds', ''],
      ['goodput', 'goodput_of_peak', ''],
      ['p99 of what was allowed within 200 ms', 'answered_ms.p99', 'ms'],
      ['share of what was sent that was given up then', 'given_up_of_sent', ''],
      ['denied', 'denied', ''],
      ['answered of what is wanted from two seconds after it on', 'after.after_two_seconds_of_wanted', ''],
      ['memory before', 'memory_mib.before', 'MiB'],
      ['at most', 'memory_mib.overload', 'MiB'],
      ['at most where clients ignore the limit', 'memory_mib.ignoring_limit', 'MiB'],
      ['largest worker in all of it', 'largest_worker_mb', 'MB'],
    ] as const,
  })),
  {
    name: 'fair',
    what: 'a PEP at 10 % of capacity while another offers five times capacity (goodput ≥ 0.95)',
    figures: [
      ['goodput', 'small.goodput', ''],
      ['p99', 'small.answered_ms.p99', 'ms'],
      ['alone', 'alone.goodput', ''],
    ],
  },
  {
    name: 'soak',
    what: 'at half load, while devices, CRLs and policies change all the time (what objects take at rest grows by at most 8 MiB in the worker and 16 in the parent, the event loop is late by at most 20 ms)',
    figures: [
      ['seconds', 'seconds', ''],
      ['decisions a second', 'per_second', ''],
      ['allowed', 'allowed', ''],
      ['denied as they must be', 'denied', ''],
      ['certificates', 'certificates', ''],
      ['never seen before', 'unseen', ''],
      ['changes of each kind', 'changes', ''],
      ['objects of the worker grew by', 'grown.worker.live', 'MiB'],
      ['of the parent', 'grown.parent.live', 'MiB'],
      ['all memory of the worker', 'grown.worker.mib', 'MiB'],
      ['of the parent', 'grown.parent.mib', 'MiB'],
      ['the worker had at most', 'most.worker_mb', 'MB'],
      ['the parent', 'most.parent_mb', 'MB'],
      ['pages of WASM memory', 'most.wasm_pages', ''],
      ['event loop of the worker late by, p99', 'loop_delay_p99_ms', 'ms'],
    ],
  },
  {
    name: 'audit',
    what: 'CPU a decision by `audit.mode` ÷ `none` (relaxed ≤ 1.12, strict ≤ 1.2)',
    figures: [
      ['relaxed', 'relaxed_cpu_to_none', ''],
      ['strict', 'strict_cpu_to_none', ''],
      ['p99 of strict ÷ relaxed', 'strict_p99_to_relaxed', ''],
    ],
  },
  {
    name: 'audit-verify',
    what: 'verifying a log ÷ `sha256sum` over the same files (≤ 3)',
    figures: [['ratio', 'ratio', '']],
  },
  {
    name: 'device-import',
    what: 'import of inventory rows ÷ the `sqlite3` shell (≤ 4)',
    figures: [['ratio', 'ratio', '']],
  },
  {
    name: 'crl-import',
    what: 'import of a CRL ÷ the `sqlite3` shell (≤ 4)',
    figures: [['ratio', 'ratio', '']],
  },
  {
    name: 'policy-diff',
    what: '`policy diff` over records (1,000,000 in ≤ 180 s)',
    figures: [
      ['records', 'records', ''],
      ['seconds', 'seconds', 's'],
      ['processor time', 'cpu_seconds', 's'],
      ['most memory', 'peak_mb', 'MB'],
    ],
  },
  {
    name: 'policy-cases',
    what: 'policy cases ÷ `opa test` with as many tests (≤ 5, the second time ≤ 2.5)',
    figures: [
      ['first', 'first.ratio_wall', ''],
      ['second', 'second.ratio_wall', ''],
    ],
  },
];
