/**
 * Every name that leaves the process as telemetry, in one place. Names that belong to OpenTelemetry's semantic
 * conventions are those of version 1.45; moving to a newer version means changing this file and nothing else.
 */

/** Name of the tracer and of the meter. */
export const scopeName = 'portreeve';

export const semantic = {
  schemaUrl: 'https://opentelemetry.io/schemas/1.45.0',
  errorType: 'error.type',
  rpcSystem: 'rpc.system.name',
  rpcMethod: 'rpc.method',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  serviceInstance: 'service.instance.id',
  /** On spans only: as a metric's label it would make one time series a device. */
  deviceId: 'device.id',
} as const;

/** Attributes of a decision's span and, where they are few, labels of metrics. */
export const attribute = {
  door: 'portreeve.door',
  decisionId: 'portreeve.decision_id',
  tenant: 'portreeve.tenant',
  outcome: 'portreeve.outcome',
  enforced: 'portreeve.enforced',
  reason: 'portreeve.reason',
  reasons: 'portreeve.reasons',
  assurance: 'portreeve.assurance',
  faults: 'portreeve.faults',
  versionProgram: 'portreeve.versions.program',
  versionBundle: 'portreeve.versions.bundle',
  versionConfiguration: 'portreeve.versions.configuration',
  versionAnchors: 'portreeve.versions.anchors',
  versionClasses: 'portreeve.versions.classes',
  versionCatalogue: 'portreeve.versions.catalogue',
  versionEpochs: 'portreeve.versions.epochs',
} as const;

/** Attributes of records that are sent as OTLP logs. */
export const logAttribute = {
  log: 'portreeve.log.name',
  index: 'portreeve.log.index',
  hash: 'portreeve.log.hash',
  kind: 'portreeve.record.kind',
} as const;

/** The RPC method of each door, as the wire names it. */
export const methodOfDoor: Readonly<Record<string, string>> = {
  ext_authz_http: 'envoy.service.auth.v3.Authorization/Check',
  ext_authz_l4: 'envoy.service.auth.v3.Authorization/Check',
  native: 'portreeve.v1.DecisionService/Decide',
};

export const metric = {
  decisions: 'portreeve.decisions',
  reasons: 'portreeve.decision.reasons',
  duration: 'portreeve.decision.duration',
  stageDuration: 'portreeve.stage.duration',
  faults: 'portreeve.faults',
  unenforced: 'portreeve.decisions.unenforced',
  recordsWritten: 'portreeve.audit.records.written',
  recordsLost: 'portreeve.audit.records.lost',
  keptOut: 'portreeve.devices.kept_out',
  auditWritable: 'portreeve.audit.writable',
  logSize: 'portreeve.audit.log.entries',
  logBehind: 'portreeve.audit.log.behind',
  logOverdue: 'portreeve.audit.log.overdue',
  logBytes: 'portreeve.audit.log.size',
  logRoom: 'portreeve.audit.log.room',
  auditUnwitnessed: 'portreeve.audit.unwitnessed',
  outsiderAge: 'portreeve.audit.outsider.age',
  outsiderFailures: 'portreeve.audit.outsider.failures',
  outsiderContradicts: 'portreeve.audit.outsider.contradicts',
  sinkLag: 'portreeve.audit.sink.lag',
  sinkAge: 'portreeve.audit.sink.age',
  sinkSent: 'portreeve.audit.sink.sent',
  sinkFailures: 'portreeve.audit.sink.failures',
  sinkDropped: 'portreeve.audit.sink.dropped',
  sinkRejected: 'portreeve.audit.sink.rejected',
  indexLag: 'portreeve.audit.index.lag',
  indexBytes: 'portreeve.audit.index.size',
  indexError: 'portreeve.audit.index.error',
  clockTrusted: 'portreeve.clock.trusted',
  clockAhead: 'portreeve.clock.ahead',
  observationsDropped: 'portreeve.observations.dropped',
  workers: 'portreeve.workers',
  workerRestarts: 'portreeve.worker.restarts',
  connections: 'portreeve.connections',
  connectionsEnded: 'portreeve.connections.ended',
  adminConnectionsEnded: 'portreeve.admin.connections.ended',
  callsEnded: 'portreeve.calls.ended',
  callsBuffered: 'portreeve.calls.buffered',
  callsWaiting: 'portreeve.calls.waiting',
  callsShed: 'portreeve.calls.shed',
  callsAbandoned: 'portreeve.calls.abandoned',
  spansDropped: 'portreeve.spans.dropped',
  keptEntries: 'portreeve.kept.entries',
  keptBound: 'portreeve.kept.bound',
  keptBytes: 'portreeve.kept.bytes',
  keptBytesBound: 'portreeve.kept.bytes.bound',
  keptHits: 'portreeve.kept.hits',
  keptMisses: 'portreeve.kept.misses',
  keptEvictions: 'portreeve.kept.evictions',
  crlAge: 'portreeve.state.crl.age',
  crlRemaining: 'portreeve.state.crl.remaining',
  crlEntries: 'portreeve.state.crl.entries',
  bundleAge: 'portreeve.state.bundle.age',
  bundleUnconfirmed: 'portreeve.state.bundle.unconfirmed',
  bundleStale: 'portreeve.state.bundle.stale',
  bundlePinned: 'portreeve.state.bundle.pinned',
  bundleError: 'portreeve.state.bundle.error',
  shadowDecisions: 'portreeve.shadow.decisions',
  shadowDisagreements: 'portreeve.shadow.disagreements',
  shadowDropped: 'portreeve.shadow.dropped',
  shadowUnrecorded: 'portreeve.shadow.unrecorded',
  shadowOnTrial: 'portreeve.shadow.on_trial',
  shadowError: 'portreeve.shadow.error',
  shadowDuration: 'portreeve.shadow.duration',
  epoch: 'portreeve.state.epoch',
  feedError: 'portreeve.feed.error',
  sourceAge: 'portreeve.source.age',
  sourceFailures: 'portreeve.source.failures',
  reloadError: 'portreeve.reload.error',
  eventLoopDelay: 'portreeve.eventloop.delay',
  wasmPages: 'portreeve.policy.wasm.pages',
  storeBytes: 'portreeve.store.size',
  observeInForce: 'portreeve.enforcement.observe',
  glassInForce: 'portreeve.enforcement.break_glass',
} as const;

/** Labels of metrics; short, as dashboards type them. Values are always from closed or configured lists. */
export const label = {
  outcome: 'outcome',
  enforced: 'enforced',
  reason: 'reason',
  assurance: 'assurance',
  severity: 'severity',
  door: 'door',
  stage: 'stage',
  because: 'because',
  issuer: 'issuer',
  issuerKey: 'issuer_key',
  scope: 'scope',
  delta: 'delta',
  origin: 'origin',
  source: 'source',
  kind: 'kind',
  worker: 'worker',
  why: 'why',
  code: 'code',
  result: 'result',
  direction: 'direction',
  kept: 'kept',
  listener: 'listener',
} as const;

/** Upper bounds in seconds: a warm decision takes about a quarter of a millisecond, the budget is 150 ms. */
export const durationBuckets: readonly number[] = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15,
];
