import { OperandError, textAt } from '../operands.ts';
import type { BuiltinTable } from '../types.ts';
import { readYaml } from './read.ts';
import { writeYaml } from './write.ts';

/** YAML, of JSON's values. */
export const yamlBuiltins: BuiltinTable = {
  'yaml.unmarshal': (args) => readYaml(textAt(args, 0)),
  'yaml.is_valid': ([text]) => typeof text === 'string' && isYaml(text),
  'yaml.marshal': ([value = null]) => writeYaml(value),
};

function isYaml(text: string): boolean {
  try {
    readYaml(text);
    return true;
  } catch (thrown) {
    if (thrown instanceof OperandError) return false;
    throw thrown;
  }
}
