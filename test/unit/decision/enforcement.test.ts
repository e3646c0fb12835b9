import test from 'ava';
import type { BreakGlassConfig, ObserveConfig } from '../../../src/config/types.ts';
import { conclude } from '../../../src/decision/conclude.ts';
import type { Material } from '../../../src/decision/conclude.ts';
import { enforcementOf } from '../../../src/decision/enforcement.ts';
import type { Denied } from '../../../src/decision/enforcement.ts';
import { factsTime as now, someDevice, someFacts, someMaterial, somePep } from '../../helpers/facts.ts';

const denied: Denied = { codes: ['revocation.crl_stale'], pep: somePep, facts: someFacts(), now };

const glass: BreakGlassConfig = {
  reasons: ['revocation.crl_stale', 'revocation.crl_missing'],
  classes: ['meter'],
  devices: [],
  who: 'J. Martin',
  why: 'CRL host down',
  since: now - 1000,
  until: now + 1000,
};

function enforced(rule: ObserveConfig | BreakGlassConfig, about: Partial<Denied> = {}): boolean {
  const rules =
    'reasons' in rule ? { observe: [], break_glass: [rule] } : { observe: [rule], break_glass: [] };
  return enforcementOf({ ...denied, ...about }, rules).enforced;
}

test('without a rule every denial is enforced', (t) => {
  t.deepEqual(enforcementOf(denied, { observe: [], break_glass: [] }), { enforced: true, findings: [] });
});

test('a PEP, a class or a site is observed by its name alone', (t) => {
  const until = now + 1;
  t.false(enforced({ pep: 'envoy', until }));
  t.true(enforced({ pep: 'edge', until }));
  t.false(enforced({ class: 'meter', until }));
  t.true(enforced({ class: 'camera', until }));
  t.false(enforced({ site: 'lyon', until }));
  t.true(enforced({ site: 'oslo', until }));
  t.true(enforced({ until }), 'a rule that names nothing observes nothing');
});

test('a caller that is no PEP is never observed, whatever the rule names', (t) => {
  const until = now + 1;
  const pep = { ...somePep, name: 'unknown' };
  t.true(enforced({ pep: 'unknown', until }, { pep, facts: null }));
  t.true(enforced({ site: 'lyon', until }, { pep, facts: null }));
  t.true(enforced({ class: 'meter', until }, { pep }));
  t.true(enforced(glass, { pep }));
});

test('observation ends by itself, at its end and not after', (t) => {
  t.false(enforced({ pep: 'envoy', until: now + 1 }));
  t.true(enforced({ pep: 'envoy', until: now }));
});

test("the device's site counts before its PEP's", (t) => {
  const facts = someFacts({ device: someDevice({ site: 'oslo' }) });
  t.false(enforced({ site: 'oslo', until: now + 1 }, { facts }));
  t.true(enforced({ site: 'lyon', until: now + 1 }, { facts }));
});

test('a denial without facts is observed for its PEP or site, and for no class', (t) => {
  const until = now + 1;
  t.false(enforced({ pep: 'envoy', until }, { facts: null }));
  t.false(enforced({ site: 'lyon', until }, { facts: null }));
  t.true(enforced({ class: 'meter', until }, { facts: null }));
});

test('the glass is broken for its reasons, all of them named, and for its classes or devices', (t) => {
  t.false(enforced(glass));
  t.true(enforced(glass, { codes: ['revocation.crl_stale', 'firmware.blocked'] }));
  t.true(enforced(glass, { codes: ['revocation.revoked'] }));
  t.true(enforced(glass, { codes: [] }));
  t.true(enforced({ ...glass, classes: ['camera'] }));
  t.false(enforced({ ...glass, classes: [], devices: ['meter-1'] }));
  t.true(enforced({ ...glass, classes: [], devices: ['meter-2'] }));
  t.true(enforced({ ...glass, classes: [] }), 'a rule that names nobody is for nobody');
  t.true(enforced(glass, { facts: null }));
});

const claimed = someFacts({ subject: 'claimed', assurance: 'none' });
const until = now + 1;

test('a bare claim chooses no rule for devices, classes or their sites', (t) => {
  const facts = { ...claimed, device: someDevice({ site: 'oslo' }) };
  t.true(enforced({ class: 'meter', until }, { facts }));
  t.true(enforced({ site: 'oslo', until }, { facts }));
  t.true(enforced({ ...glass, devices: ['meter-1'] }, { facts }));
});

test("a bare claim is observed with its PEP and its PEP's site, wherever the claimed device belongs", (t) => {
  const facts = { ...claimed, device: someDevice({ site: 'oslo' }) };
  t.false(enforced({ pep: 'envoy', until }, { facts }));
  t.false(enforced({ site: 'lyon', until }, { facts }));
});

test('a certificate that does not hold any more still says whose rules apply', (t) => {
  const facts = someFacts({ subject: 'named_by_certificate', assurance: 'none' });
  t.false(enforced({ class: 'meter', until }, { facts }));
  t.false(enforced(glass, { facts }));
});

test('a gateway chooses the rules of its own children alone, a PEP that may assert devices those of any', (t) => {
  const gateway = {
    id: 'gateway-1',
    proved: true,
    known: true,
    status: 'active',
    enrolled: true,
    bound_until: null,
    delegated_by: null,
    delegated_until: null,
  };
  const vouched = { subject: 'vouched', assurance: 'gateway_asserted' } as const;
  const by = (changes: object) => ({ facts: someFacts({ ...vouched, gateway: { ...gateway, ...changes } }) });
  t.false(enforced({ class: 'meter', until }, by({})));
  t.true(
    enforced(
      { class: 'meter', until },
      by({ enrolled: false, bound_until: null, delegated_by: null, delegated_until: null }),
    ),
  );
  t.false(enforced({ class: 'meter', until }, by({ enrolled: false, proved: false })));
});

test('a denial for want of a record is enforced unless the glass is broken for that by name, however it is observed', (t) => {
  const codes = ['revocation.crl_stale', 'system.audit_unavailable'] as const;
  t.true(enforced({ pep: 'envoy', until: now + 1 }, { codes }));
  t.true(enforced(glass, { codes }));
  t.false(enforced({ ...glass, reasons: codes }, { codes }));
});

test('broken glass has a beginning and an end', (t) => {
  t.false(enforced({ ...glass, since: now }));
  t.true(enforced({ ...glass, since: now + 1 }));
  t.true(enforced({ ...glass, until: now }));
});

test('one broken glass does not complete the reasons of another', (t) => {
  const rules = [
    { ...glass, reasons: ['revocation.crl_stale'] },
    { ...glass, reasons: ['firmware.blocked'] },
  ] as const satisfies BreakGlassConfig[];
  const about: Denied = { ...denied, codes: ['revocation.crl_stale', 'firmware.blocked'] };
  t.true(enforcementOf(about, { observe: [], break_glass: rules }).enforced);
});

const stale: Partial<Material> = { facts: someFacts({ findings: [{ code: 'revocation.crl_stale' }] }) };

test('a decision under broken glass stays a denial, is not enforced and says who broke it, why and until when', (t) => {
  const decision = conclude(someMaterial(stale), { enforcement: { observe: [], break_glass: [glass] } });
  t.like(decision, { outcome: 'deny', enforced: false, valid_until: null });
  t.deepEqual(
    decision.reasons.map(({ code, severity, detail }) => ({ code, severity, detail })),
    [
      { code: 'revocation.crl_stale', severity: 'deny', detail: undefined },
      {
        code: 'system.break_glass_used',
        severity: 'warn',
        detail: { who: 'J. Martin', why: 'CRL host down', until: '2026-06-01T12:00:01.000Z' },
      },
    ],
  );
});

test('an observed decision stays a denial with all its reasons and is not enforced', (t) => {
  const observe = [{ pep: 'envoy', until: now + 1 }];
  const decision = conclude(someMaterial(stale), { enforcement: { observe, break_glass: [] } });
  t.like(decision, { outcome: 'deny', enforced: false });
  t.deepEqual(
    decision.reasons.map((reason) => reason.code),
    ['revocation.crl_stale'],
  );
});

test('an allow is never touched by observation or broken glass', (t) => {
  const observe = [{ pep: 'envoy', until: now + 1 }];
  const decision = conclude(someMaterial(), { enforcement: { observe, break_glass: [glass] } });
  t.like(decision, { outcome: 'allow', enforced: true });
  t.is(decision.reasons.length, 1);
});
