import test from 'ava';
import { forbiddenChange } from '../../../src/inventory/lifecycle.ts';
import { deviceStatuses } from '../../../src/inventory/types.ts';

test('each status may be followed by exactly those of the table', (t) => {
  const allowed = Object.fromEntries(
    deviceStatuses.map((before) => [
      before,
      deviceStatuses.filter((after) => after !== before && !forbiddenChange(before, after, { why: true })),
    ]),
  );
  t.deepEqual(allowed, {
    pre_provisioned: ['active', 'disabled', 'quarantined', 'lost', 'decommissioned'],
    active: ['disabled', 'quarantined', 'lost', 'decommissioned'],
    disabled: ['active', 'quarantined', 'lost', 'decommissioned'],
    quarantined: ['active', 'disabled', 'lost', 'decommissioned'],
    lost: ['active', 'disabled', 'quarantined', 'decommissioned'],
    decommissioned: [],
  });
});

test('the same status again is always allowed', (t) => {
  for (const status of deviceStatuses) t.is(forbiddenChange(status, status, { why: false }), undefined);
});

test('a lost device comes back only where somebody says why, also by way of another status', (t) => {
  t.regex(forbiddenChange('lost', 'active', { why: false }) ?? '', /only where --why says/);
  t.regex(forbiddenChange('lost', 'disabled', { why: false }) ?? '', /only where --why says/);
  t.regex(forbiddenChange('lost', 'quarantined', { why: false }) ?? '', /only where --why says/);
  t.is(forbiddenChange('lost', 'decommissioned', { why: false }), undefined);
  t.is(forbiddenChange('disabled', 'active', { why: false }), undefined);
});

test('a status that nobody knows leads nowhere', (t) => {
  t.regex(forbiddenChange('constructor', 'active', { why: true }) ?? '', /cannot become active/);
});
