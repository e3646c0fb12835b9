import { derError, DerReader, type Tlv } from '../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../lib/der/tags.ts';
import { bitStringContent } from '../lib/der/values.ts';
import { parseGeneralNames } from './general-names.ts';

/** As many as are used when revocation is asked for. */
const mostPoints = 64;

/**
 * Checks the form of cRLDistributionPoints (RFC 5280 section 4.2.1.13), which matter to revocation only: a critical one
 * of this form is processed. Throws PDP_DER_INVALID.
 */
export function checkDistributionPoints(value: Uint8Array): void {
  const document = new DerReader(value);
  const list = document.enter(tags.sequence);
  document.end();
  let points = 0;
  do {
    if (++points > mostPoints) throw derError(`more than ${mostPoints} distribution points`);
    checkPoint(list.enter(tags.sequence));
  } while (!list.done);
}

function checkPoint(fields: DerReader): void {
  const name = fields.optional(contextConstructed(0));
  const reasons = fields.optional(contextPrimitive(1));
  const issuer = fields.optional(contextConstructed(2));
  fields.end();
  if (name === undefined && issuer === undefined)
    throw derError('DistributionPoint without name or cRLIssuer');
  if (name !== undefined) checkName(name);
  if (reasons !== undefined) bitStringContent(reasons.content);
  if (issuer !== undefined) parseGeneralNames(issuer.open());
}

function checkName(tagged: Tlv): void {
  const choice = tagged.open();
  const name = choice.next();
  choice.end();
  if (name.tag === contextConstructed(0)) parseGeneralNames(name.open());
  else if (name.tag !== contextConstructed(1))
    throw derError('DistributionPointName that is neither full nor relative');
}
