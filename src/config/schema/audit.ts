import { anchors, witnesses } from './outsiders.ts';
import { sinks } from './sinks.ts';
import { choice, flag, integer, list, path, section, span, text } from './keys.ts';

const strangers = section(
  'Denials before a device is identified: recorded singly up to a rate, beyond it as one record a second with exact counts.',
  {
    rate: integer(
      'Such denials a second that are recorded singly, for each enforcement point and source network. 0 = none beyond `burst`.',
      { default: 1, example: 1 },
      0,
      100_000,
    ),
    burst: integer(
      'How many are recorded singly at once, after as long a silence as `rate` takes to make up for them.',
      { default: 100, example: 100 },
      0,
      1_000_000,
    ),
    pep_rate: integer(
      'Most of them a second that are recorded singly for one enforcement point, from all networks together.',
      { default: 10, example: 10 },
      0,
      100_000,
    ),
    pep_burst: integer(
      'How many are recorded singly at once for one enforcement point, from all networks together.',
      { default: 1000, example: 1000 },
      0,
      1_000_000,
    ),
    ipv4_prefix: integer(
      'Bits that addresses of one IPv4 network have in common.',
      { default: 24, example: 24 },
      0,
      32,
    ),
    ipv6_prefix: integer(
      'Bits that addresses of one IPv6 network have in common.',
      { default: 56, example: 56 },
      0,
      128,
    ),
    networks: integer(
      'Networks that are told apart at a time, in each worker. Beyond that all others of an enforcement point count as one.',
      { default: 4096, example: 4096 },
      1,
      1_000_000,
    ),
  },
);

const redact = section(
  'What stands in records as a commitment alone: a value that cannot be guessed from it, and can be proved later.',
  {
    fields: list(
      'Members of records whose texts are replaced: `device_id`, `facts.connection.source_ip`, `input.*`, `/pep/site`. `*` stands for any one name or place, and all that is below is meant. Where the same text stands elsewhere in the record, it is replaced there too. Acts hide what they name of the same kind; `actor` and `why` are members of acts.',
      text('Path of a member, with dots or as JSON pointer.', { example: 'facts.connection.source_ip' }, 512),
      { max: 256, example: ['device_id', 'owner', 'facts.connection.source_ip'] },
    ),
    linkable: flag(
      'Whether the same text gives the same commitment throughout one record. Across records it never does.',
      { default: true, example: true },
    ),
    keep: span(
      'How long what was replaced is kept beside the log, to be revealed or to decide again by. Null = until it is erased.',
      { default: null, example: '90d' },
      ['1m', '36500d'],
    ),
  },
);

/** `audit`: the record of decisions. */
export const audit = section('The record of decisions.', {
  path: path(
    "The log's folder: static files in tlog-tiles layout, and beside them its journal, public keys and what replays need. A path that ends in `.ndjson` is a plain file of lines instead, which nothing verifies.",
    { default: 'audit/log', example: 'audit/log' },
  ),
  mode: choice(
    'When an answer may leave: `strict` once its record is on the disk, `relaxed` while it is on its way there. `none` records nothing, for benchmarks only. Without effect on a plain file but for `none`.',
    { default: 'relaxed', example: 'strict' },
    ['strict', 'relaxed', 'none'],
  ),
  flush: span(
    'With `relaxed`: of at most how much time records may be lost with the processes or the machine that write them.',
    { default: '200ms', example: '100ms' },
    ['10ms', '10s'],
  ),
  origin: text(
    'Name of the log and of its keys, for good. Null = `portreeve/SITE/INSTANCE`, as they are when the log is begun.',
    { default: null, example: 'pdp.example.org/lyon' },
    255,
  ),
  key: path(
    "File of the log's private Ed25519 key (PKCS #8 PEM); made, readable by its owner only, where a new log has none.",
    { default: 'audit/log-key.pem', example: 'audit/log-key.pem' },
  ),
  retain: span(
    'Age above which records may be removed, in whole bundles of 256. Null = none is removed for its age.',
    { default: null, example: '400d' },
    ['1d', '36500d'],
  ),
  max_bytes: integer(
    'Bytes of the log above which the oldest records are removed, in whole bundles of 256. Null = no limit.',
    { default: null, example: 500_000_000_000 },
    16_777_216,
    Number.MAX_SAFE_INTEGER,
  ),
  rotate_bytes: integer(
    'Of a plain file: bytes after which a new one is begun.',
    { default: 67_108_864, example: 67_108_864 },
    65_536,
    68_719_476_736,
  ),
  keep: integer('Of a plain file: rotated ones that are kept.', { default: 20, example: 20 }, 0, 100_000),
  on_failure: choice(
    'What a decision becomes that cannot be recorded: `deny`, or `continue` unrecorded (counted).',
    { default: 'deny', example: 'deny' },
    ['deny', 'continue'],
  ),
  heartbeat: span(
    'How often a record says that the server lives, and how many decisions it has made since the last one.',
    { default: '60s', example: '60s' },
    ['1s', '1h'],
  ),
  strangers,
  redact,
  witnesses,
  anchors,
  sinks,
});
