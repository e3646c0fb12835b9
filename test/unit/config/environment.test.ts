import test from 'ava';
import { withEnvironment } from '../../../src/config/environment.ts';

test('a process of ours has this one’s environment, which wins over what is set for it', (t) => {
  const environment = withEnvironment({ PATH: '/nowhere', PORTREEVE_TRIED: 'yes' });
  t.is(environment['PATH'], process.env['PATH']);
  t.is(environment['PORTREEVE_TRIED'], 'yes');
  t.false('PORTREEVE_TRIED' in process.env);
});
