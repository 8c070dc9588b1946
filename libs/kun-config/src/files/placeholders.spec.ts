import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand, parseTemplate } from './placeholders.js';

const read = (text: string, env: NodeJS.ProcessEnv = {}) => expand(parseTemplate(text), env);

describe('placeholders', () => {
  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['${A}', { A: '1' }, '1'],
    ['${A:-d}', {}, 'd'],
    ['${A:-d}', { A: '' }, 'd'],
    ['${A}', { A: '' }, ''],
    ['${A:-}', {}, ''],
    ['http://${A}:${B}/x', { A: 'h', B: '1' }, 'http://h:1/x'],
    ['${A:-${B:-x}}', {}, 'x'],
    ['${A:-${B:-x}}', { B: 'b' }, 'b'],
    ['${A:-a${B}c${C:-d}}', { B: 'b' }, 'abcd'],
    ['${A:-{a: 1}}', {}, '{a: 1}'],
    ['${A:-a: b # c, "d"}', {}, 'a: b # c, "d"'],
    ['$${A}', { A: '1' }, '${A}'],
    ['$$${A}', { A: '1' }, '$${A}'],
    ['${A:-$${B}}', { B: '1' }, '${B}'],
    ['$A $(A) $ {A}', { A: '1' }, '$A $(A) $ {A}'],
    // What a variable says is not looked through again.
    ['${A}', { A: '${B}', B: '1' }, '${B}'],
  ])('%s with %o gives %s', (text, env, value) => {
    expect(read(text, env)).toEqual({ text: value, missing: [] });
  });

  it('name what is missing, also within a default', () => {
    expect(read('${A}${B:-${C}}').missing).toEqual(['A', 'C']);
  });

  it.each([
    ['${A', 'is not closed; write ${NAME}'],
    ['${hunter2', 'is not closed; write ${NAME}'],
    ['${A:-${B}', 'is not closed'],
    ['${A:b}', 'write ${A} or ${A:-default}'],
    ['${A-b}', 'write ${A}'],
    ['${A:=b}', 'write ${A}'],
    ['${A:?b}', 'write ${A}'],
    ['${A:+b}', 'write ${A}'],
    ['${env:A}', 'write ${A}'],
    ['${ A }', 'write ${A}'],
    ['${A.b}', 'write ${A}'],
    ['${}', 'write ${NAME}'],
    ['${1}', 'write ${NAME}'],
    ['${hunter2#}', 'write ${NAME} or ${NAME:-default}'],
    ['${A-hunter2}', 'write ${A} or ${A:-default}, or $${ where the text ${ is meant'],
  ])('refuse %s', (text, message) => {
    expect(() => parseTemplate(text)).toThrow(message);
    expect(() => parseTemplate(text)).not.toThrow('hunter2');
  });

  it('leave any text alone that has none, and give any text back that is escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const plain = text.replaceAll('{', '');
        expect(read(plain)).toEqual({ text: plain, missing: [] });
        expect(read(text.replaceAll('${', '$${')).text).toBe(text);
      }),
    );
  });
});
