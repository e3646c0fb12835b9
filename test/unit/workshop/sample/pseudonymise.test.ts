import test from 'ava';
import { pseudonymise } from '../../../../src/workshop/sample/pseudonymise.ts';
import { createPseudonym } from '../../../../src/workshop/sample/pseudonyms.ts';
import { meterRecord } from '../../../helpers/recorded.ts';
import { makeWorld } from '../../../helpers/world.ts';

const pseudonym = createPseudonym(Buffer.alloc(32, 7));

test('a header that is a device id has its pseudonym, however short; a word that merely holds a short one stays', async (t) => {
  const world = await makeWorld();
  t.teardown(world.close);
  const record = await meterRecord(world, '1');
  const custom = { zone: { value: 'm-7', origin: 'inventory' } } as const;
  const headers = { 'x-device': 'm-7', 'x-team': 'team-7', 'x-route': 'to-m-7' };
  const { record: written } = pseudonymise(
    {
      ...{ ...record, device_id: 'm-7', obligations: { ...record.obligations, headers } },
      input: record.input && { ...record.input, custom },
    },
    pseudonym,
  );
  t.is(written.device_id, pseudonym('m-7'));
  t.deepEqual(written.obligations.headers, { ...headers, 'x-device': pseudonym('m-7') });
  t.deepEqual(written.input?.custom, custom, 'what the operator gave the policy to go by');
});
