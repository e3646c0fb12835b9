import { numberField, part, textField, toBytes } from '../wire-text.ts';
import type { CheckResponse, HeaderOption, WireStruct } from './wire.ts';

/**
 * The bytes of a CheckResponse of ours, the same that the library would write, without the objects that it makes on the
 * way: headers are overwritten, and metadata are texts. What policies that were written for another program answer may be
 * otherwise; that is for the library.
 */
export function writeCheck(response: CheckResponse): Buffer {
  const { status, denied_response: denied, ok_response: ok, dynamic_metadata: metadata } = response;
  const message = status.message === undefined ? '' : textField(2, status.message);
  return toBytes(
    part(1, numberField(1, status.code) + message) +
      (denied ? part(2, writeDenied(denied)) : '') +
      (ok ? part(3, writeOk(ok)) : '') +
      (metadata ? part(4, writeTexts(metadata)) : ''),
  );
}

function writeDenied({ status, headers, body }: NonNullable<CheckResponse['denied_response']>): string {
  return part(1, numberField(1, status.code)) + writeHeaders(headers) + textField(3, body);
}

function writeOk({ headers, headers_to_remove: remove }: NonNullable<CheckResponse['ok_response']>): string {
  let fields = writeHeaders(headers);
  for (const name of remove) fields += textField(5, name);
  return fields;
}

/** `append` with false in it, and `append_action` OVERWRITE_IF_EXISTS_OR_ADD. */
const overwriting = part(2, numberField(1, 0)) + numberField(3, 2);

function writeHeaders(headers: readonly HeaderOption[]): string {
  let fields = '';
  for (const { header } of headers) {
    fields += part(2, part(1, textField(1, header.key) + textField(2, header.value)) + overwriting);
  }
  return fields;
}

/** Struct. */
function writeTexts({ fields: texts = {} }: WireStruct): string {
  let fields = '';
  for (const [key, { stringValue = '' }] of Object.entries(texts)) {
    fields += part(1, textField(1, key) + part(2, textField(3, stringValue)));
  }
  return fields;
}
