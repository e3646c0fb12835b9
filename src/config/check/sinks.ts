import type { Place } from '../place.ts';
import { refuseDuplicates, type Report } from './report.ts';

/** `audit.sinks`: each of one kind, with the keys of that kind, and a log that they are sent from. */
export function checkSinks(root: Place, report: Report): void {
  const audit = root.get('audit');
  const sinks = audit.get('sinks').items();
  for (const sink of sinks) checkSink(sink, report);
  for (const [key, what] of [
    ['name', 'a sink called'],
    ['file', 'a sink to the file'],
  ] as const)
    refuseDuplicates(
      report,
      sinks.map((one) => one.get(key)).filter((one) => one.present),
      what,
    );
  if (sinks.length > 0 && audit.get('path').text?.endsWith('.ndjson'))
    report.refuse(audit.get('path'), 'is a plain file: records are sent to sinks from a log alone');
}

function checkSink(sink: Place, report: Report): void {
  const [file, syslog, otlp] = [sink.get('file'), sink.get('syslog'), sink.get('otlp')];
  if ([file, syslog, otlp].filter((one) => one.present).length !== 1)
    report.refuse(sink, 'must have exactly one of file, syslog and otlp');
  if (file.text !== undefined && !file.text.endsWith('.ndjson'))
    report.refuse(file, 'must end in .ndjson, which is what it holds');
  if (syslog.text?.startsWith('unix:')) report.refuse(syslog, 'must be host:port: it is spoken to by TLS');
  const [certificate, key, headers, ca] = (['certificate', 'key', 'headers_file', 'ca'] as const).map((one) =>
    sink.get(one),
  ) as [Place, Place, Place, Place];
  for (const one of [certificate, key])
    if (one.present && file.present) report.refuse(one, 'is for sinks with syslog or otlp');
  if (certificate.present !== key.present)
    report.refuse(certificate.present ? certificate : key, 'certificate and key go together');
  if (ca.present && file.present) report.refuse(ca, 'is for sinks with syslog or otlp');
  if (headers.present && !otlp.present) report.refuse(headers, 'is for sinks with otlp');
  if (headers.present && otlp.text?.startsWith('http:'))
    report.refuse(headers, 'would be sent in the clear: the url must be https');
  if (certificate.present && otlp.text?.startsWith('http:'))
    report.refuse(certificate, 'would be shown to nobody: the url must be https');
}
