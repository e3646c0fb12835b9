import test from 'ava';
import { inOnePiece } from '../../../src/lib/text.ts';

test('parts of a text are put together as they stand', (t) => {
  t.is(inOnePiece('certificate ', '0', ': notAfter'), 'certificate 0: notAfter');
  t.is(inOnePiece('', 'a', ''), 'a');
  t.is(inOnePiece(), '');
});
