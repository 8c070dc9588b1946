/**
 * Input that is wrong in more than a hundred ways, each with what must be said about it: a problem that matches, or
 * the right value where the oddity is legal. `SECRET` stands in many of them and must never be shown.
 */
export interface Malformed {
  readonly name: string;
  /** The Service file; the others are in `files`. */
  readonly text: string | Buffer;
  readonly files?: Readonly<Record<string, string>>;
  /** What one of the problems must look like, place included. */
  readonly problem?: RegExp;
  /** What the value must be part of, where nothing is wrong. */
  readonly value?: object;
}

export const SECRET = 'c0rrect-h0rse';

const secret = `Db: { Password: ${SECRET} }\n`;
const at = (line: number, column: number | string, rest: string): RegExp =>
  new RegExp(`:${line}:${column}${rest}`);

export const malformed: readonly Malformed[] = [
  // Text
  { name: 'an empty file', text: '', value: { Port: 1 } },
  { name: 'only a comment', text: '# nothing\n', value: { Port: 1 } },
  { name: 'only white space', text: ' \n\n  \n', value: { Port: 1 } },
  { name: 'a byte order mark', text: '\uFEFFPort: 2\n', value: { Port: 2 } },
  {
    name: 'a byte order mark before a mistake',
    text: '\uFEFFPort: x\n',
    problem: at(1, 7, ' Port: expected'),
  },
  { name: 'CRLF', text: 'Port: 2\r\nName: a\r\n', value: { Port: 2, Name: 'a' } },
  { name: 'CRLF before a mistake', text: 'Name: a\r\nPort: x\r\n', problem: at(2, 7, ' Port: expected') },
  { name: 'bare CR', text: 'Name: a\rPort: x\r', problem: /public\.yaml:\d+:\d+/ },
  {
    name: 'Latin-1',
    text: Buffer.from(`${secret}Name: caf\xe9\n`, 'latin1'),
    problem: at(2, 10, ': the file is not UTF-8'),
  },
  {
    name: 'UTF-16 LE',
    text: Buffer.from('\uFEFFPort: 1\n', 'utf16le'),
    problem: at(1, 1, ': the file is not UTF-8'),
  },
  {
    name: 'UTF-16 BE',
    text: Buffer.from('\uFEFFPort: 1\n', 'utf16le').swap16(),
    problem: /the file is not UTF-8/,
  },
  { name: 'a NUL', text: `Port: 1\0\n${secret}`, problem: at(1, 8, ': the file is not UTF-8') },
  { name: 'a broken surrogate', text: Buffer.from([0x4e, 0x3a, 0xed, 0xa0, 0x80]), problem: /not UTF-8/ },
  { name: 'a control character', text: 'Name: "a\x07b"\nPort: x\n', problem: at(2, 7, ' Port') },
  {
    name: 'an escape sequence in a key',
    text: '"\x1b[31mPort": 1\n',
    problem: at(1, 1, ' \\["\\\\u001b\\[31mPort"\\]: is not a known key'),
  },
  { name: 'binary noise', text: Buffer.from(Array.from({ length: 256 }, (_, n) => n)), problem: /not UTF-8/ },
  { name: 'a gzip', text: Buffer.from('1f8b0800000000000003', 'hex'), problem: /not UTF-8/ },
  {
    name: 'a file that is too large',
    text: '#'.repeat(2_000_000),
    problem: /it has 2000000 bytes, and at most 1048576 are read/,
  },
  { name: 'one very long line', text: `Name: ${'x'.repeat(500_000)}\nPort: y`, problem: at(2, 7, ' Port') },
  {
    name: 'a very long bad value',
    text: `Port: ${'x'.repeat(500_000)}`,
    problem: /found the string "x{60}…"$/m,
  },
  // Shape
  { name: 'a list at the top', text: '- Port: 1\n', problem: at(1, 1, ': the file must hold a map') },
  { name: 'a string at the top', text: 'Port 1\n', problem: at(1, 1, ': the file must hold a map') },
  { name: 'a number at the top', text: '42\n', problem: /must hold a map/ },
  { name: 'null at the top', text: 'null\n', value: { Port: 1 } },
  { name: 'JSON', text: `{ "Port": 2, "Name": "a" }`, value: { Port: 2, Name: 'a' } },
  { name: 'JSON with a missing comma', text: `{ "Port": 2 "Name": "a" }`, problem: at(1, '\\d+', ': ') },
  {
    name: 'several documents',
    text: `Port: 1\n---\n${secret}`,
    problem: at(2, 1, ': .*several documents; keep one'),
  },
  { name: 'an end marker and more', text: `Port: 1\n...\nName: a\n`, problem: at(3, 1, ': ') },
  { name: 'a directive', text: '%YAML 1.2\n---\nPort: 2\n', value: { Port: 2 } },
  {
    name: 'a directive of another version',
    text: '%YAML 1.1\n---\nPort: 2\n',
    problem: at(1, 1, ': asks for YAML 1.1'),
  },
  { name: 'an unknown directive', text: '%FOO bar\n---\nPort: 2\n', problem: at(1, 1, ': ') },
  {
    name: 'a directory in place of the file',
    text: 'Port: 1',
    files: { 'conf/public.yaml/x': '' },
    problem: /conf\/public\.yaml: the file cannot be read \(EISDIR\)/,
  },
  // Indentation and punctuation
  { name: 'a tab as indentation', text: 'Db:\n\tHost: a\n', problem: at(2, 1, ': a tab cannot indent') },
  { name: 'a tab after spaces', text: 'Db:\n  Host: a\n  \tPort: 1\n', problem: at(3, '\\d+', ': ') },
  { name: 'a tab between key and value', text: 'Port:\t2\n', value: { Port: 2 } },
  {
    name: 'too little indentation',
    text: 'Db:\n   Host: a\n  Port: 1\n',
    problem: at(3, 3, ': is indented by 2 spaces'),
  },
  { name: 'too much indentation', text: 'Port: 1\n  Name: a\n', problem: /public\.yaml:\d+:\d+: / },
  { name: 'a missing colon', text: 'Port 1\nName: a\n', problem: /public\.yaml:\d+:\d+: / },
  { name: 'a missing space after the colon', text: 'Port:1\nName: a\n', problem: /public\.yaml:\d+:\d+: / },
  { name: 'a colon within a value', text: 'Name: a: b\n', problem: at(1, '\\d+', ': ') },
  { name: 'an open quote', text: `Name: "a\n${secret}`, problem: /public\.yaml:\d+:\d+: / },
  {
    name: 'an open single quote',
    text: `Db:\n  Password: '${SECRET}\nName: a\n`,
    problem: /public\.yaml:\d+:\d+: /,
  },
  { name: 'an open bracket', text: `Tags: [a, b\n${secret}`, problem: /public\.yaml:\d+:\d+: / },
  {
    name: 'a quote that makes a key of a secret',
    text: `{ "Port": 2, "Token: |\n  ${SECRET}\nName": "a" }\n`,
    problem: /public\.yaml:1:14 \["Token: \[secret\]"\]: is not a known key/,
  },
  { name: 'an open brace', text: `Db: { Password: ${SECRET}\n`, problem: /public\.yaml:\d+:\d+: / },
  { name: 'a bracket too many', text: 'Tags: [a]]\n', problem: at(1, 10, ': ') },
  { name: 'mismatched brackets', text: 'Tags: [a}\n', problem: at(1, '\\d+', ': ') },
  { name: 'text after a quote', text: 'Name: "a" b\n', problem: at(1, 11, ': ') },
  {
    name: 'an unknown escape',
    text: 'Name: "C:\\dir"\n',
    problem: at(1, '\\d+', ': has an escape that YAML does not know'),
  },
  {
    name: 'a reserved character',
    text: 'Name: @a\n',
    problem: at(1, 7, ': starts with a character that must be quoted'),
  },
  { name: 'a backtick', text: 'Name: `a`\n', problem: at(1, 7, ': starts with a character') },
  { name: 'a percent sign', text: 'Name: %a\n', problem: at(1, 7, ': ') },
  { name: 'a list item among keys', text: 'Port: 1\n- a\n', problem: at(2, 1, ': ') },
  { name: 'a key among list items', text: 'Tags:\n  - a\n  b: 1\n', problem: at(3, '\\d+', ': ') },
  { name: 'a comma between block keys', text: 'Port: 1,\nName: a\n', problem: at(1, 7, ' Port: expected') },
  { name: 'an equals sign', text: 'Port = 1\n', problem: /must hold a map/ },
  { name: 'a stray brace', text: '}\n', problem: at(1, 1, ': ') },
  { name: 'a bad block header', text: 'Name: |x\n  a\n', problem: at(1, '\\d+', ': ') },
  {
    name: 'a merge conflict',
    text: `<<<<<<< HEAD\nPort: 1\n=======\nPort: 2\n>>>>>>> x\n`,
    problem: /public\.yaml:\d+:\d+: /,
  },
  { name: 'a template that was not rendered', text: 'Port: {{ .Values.port }}\n', problem: at(1, 7, '') },
  {
    name: 'a template in a quote',
    text: 'Port: "{{ .Values.port }}"\n',
    problem: at(1, 7, ' Port: expected'),
  },
  // Keys
  {
    name: 'a duplicate key',
    text: 'Port: 1\nName: a\nPort: 2\n',
    problem: at(3, 1, ' Port: is set twice, first in line 1'),
  },
  {
    name: 'a duplicate nested key',
    text: 'Db:\n  Host: a\n  Host: b\n',
    problem: at(3, 3, ' Db\\.Host: is set twice'),
  },
  {
    name: 'a duplicate secret',
    text: `Db:\n  Password: a\n  Password: ${SECRET}\n`,
    problem: at(3, 3, ' Db\\.Password: is set twice'),
  },
  { name: 'a duplicate in flow style', text: 'Db: { Host: a, Host: b }\n', problem: at(1, 16, ' Db\\.Host') },
  {
    name: 'an unknown key',
    text: 'Prot: 1\n',
    problem: at(1, 1, ' Prot: is not a known key; did you mean Port\\?'),
  },
  { name: 'a key in the wrong case', text: 'port: 1\n', problem: at(1, 1, ' port: .*did you mean Port\\?') },
  {
    name: 'an unknown nested key',
    text: 'Db: { Hots: a }\n',
    problem: at(1, 7, ' Db\\.Hots: .*did you mean Db\\.Host\\?'),
  },
  {
    name: 'an unknown key in a list',
    text: 'Users:\n  - Nmae: a\n',
    problem: at(2, 5, ' Users\\[0\\]\\.Nmae: .*did you mean Users\\[0\\]\\.Name\\?'),
  },
  {
    name: 'an unknown key that is null',
    text: 'Prot: null\n',
    problem: at(1, 1, ' Prot: is not a known key'),
  },
  { name: 'a numeric key', text: '1: a\n', problem: at(1, 1, ' \\[1\\]: is not a known key') },
  { name: 'a null key', text: '~: a\n', problem: at(1, 1, ': has a key that is not a plain word') },
  { name: 'an empty key', text: ': a\n', problem: at(1, 1, ': has a key that is not a plain word') },
  { name: 'a list as key', text: '[a, b]: c\n', problem: at(1, 1, ': has a key that is not a plain word') },
  {
    name: 'a map as key',
    text: '? { a: b }\n: c\n',
    problem: at(1, 3, ': has a key that is not a plain word'),
  },
  {
    name: 'an alias as key',
    text: 'Name: &n a\n*n : b\n',
    problem: at(2, 1, ': has a key that is not a plain word'),
  },
  {
    name: 'a very long key',
    text: `${'k'.repeat(900)}: 1\n`,
    problem: at(1, 1, ' k{300}…: is not a known key'),
  },
  { name: 'an endless key', text: `${'k'.repeat(9000)}: 1\n`, problem: /public\.yaml:\d+:\d+/ },
  {
    name: '__proto__',
    text: '__proto__: { polluted: 1 }\n',
    problem: at(1, 1, ' __proto__: is not allowed'),
  },
  {
    name: '__proto__ deep in a list',
    text: 'Users: [{ Name: a, "__proto__": { x: 1 } }]\n',
    problem: at(1, 20, ' .*__proto__: is not allowed'),
  },
  {
    name: '__proto__ through a merge key',
    text: 'A: &a { __proto__: { x: 1 } }\nDb: { <<: *a }\n',
    problem: at(1, 9, '.*__proto__: is not allowed'),
  },
  {
    name: 'constructor',
    text: 'constructor: { prototype: { x: 1 } }\n',
    problem: at(1, 1, ' constructor: is not a known key'),
  },
  {
    name: 'toString',
    text: 'Db: { toString: x }\n',
    problem: at(1, 7, ' Db\\.toString: is not a known key'),
  },
  { name: 'a dotted key', text: 'Db.Host: a\n', problem: at(1, 1, ' \\["Db\\.Host"\\]: is not a known key') },
  // Anchors, aliases, tags
  {
    name: 'an alias to nothing',
    text: 'Name: *nope\n',
    problem: at(1, 7, ' Name: uses \\*nope, but no &nope'),
  },
  {
    name: 'an alias before its anchor',
    text: 'Name: *n\nDb: { Host: &n a }\n',
    problem: at(1, 7, ' Name: uses \\*n'),
  },
  { name: 'an alias to itself', text: 'Tags: &t [*t]\n', problem: at(1, 11, ' Tags\\[0\\]: uses \\*t') },
  {
    name: 'a map that contains itself',
    text: 'Db: &d { Host: *d }\n',
    problem: at(1, 16, ' Db\\.Host: uses \\*d'),
  },
  {
    name: 'an anchor that is set twice',
    text: 'Name: &x a\nDb: { Host: &x b }\nTags: [*x]\n',
    value: { Tags: ['b'] },
  },
  { name: 'an alias bomb', text: `${bomb(12)}Port: 1\n`, problem: /aliases add more than 10000 values/ },
  { name: 'an alias bomb of maps', text: bombOfMaps(12), problem: /aliases add more than 10000 values/ },
  {
    name: 'a bomb of merge keys',
    text: bombOfMerges(16),
    problem: /aliases add more than 10000 values|is not a known key/,
  },
  {
    name: 'many aliases of one value',
    text: `Name: &n a\nTags: [${Array(20_000).fill('*n').join(', ')}]\n`,
    problem: /aliases add more/,
  },
  {
    name: 'a merge key',
    text: 'Db: &d { Host: a }\nOther: { <<: *d, Port: 2 }\n',
    value: { Other: { Host: 'a', Port: 2 } },
  },
  {
    name: 'a merge of a list of maps',
    text: 'Db: &d { Host: a }\nOther: { <<: [*d], Port: 2 }\n',
    value: { Other: { Host: 'a', Port: 2 } },
  },
  {
    name: 'a merge of a string',
    text: 'Db: { <<: a }\n',
    problem: at(1, 7, ' Db: merges \\(<<\\) something that is not a map'),
  },
  {
    name: 'a tag of a language',
    text: 'Name: !!js/function "x"\n',
    problem: at(1, 7, ': has a tag that is not known'),
  },
  { name: 'an unknown tag', text: 'Name: !env HOME\n', problem: at(1, 7, ': has a tag that is not known') },
  { name: 'a tag that does not fit', text: 'Port: !!int x\n', problem: at(1, 7, '.*') },
  { name: 'a tag with a bad handle', text: 'Port: !x!y 1\n', problem: at(1, '\\d+', ': ') },
  // Values
  {
    name: 'a word for a number',
    text: 'Port: eighty\n',
    problem: at(1, 7, ' Port: expected a whole number from 0 to 65535, found the string "eighty"'),
  },
  {
    name: 'a quoted number',
    text: "Port: '80'\n",
    problem: at(1, 7, ' Port: .*did you mean 80 without quotes\\?'),
  },
  {
    name: 'a fraction',
    text: 'Port: 80.5\n',
    problem: at(1, 7, ' Port: expected a whole number.*found the number 80.5'),
  },
  {
    name: 'a negative port',
    text: 'Port: -1\n',
    problem: at(1, 7, ' Port: .*from 0 to 65535, found the number -1'),
  },
  { name: 'a port out of range', text: 'Port: 65536\n', problem: at(1, 7, ' Port: .*from 0 to 65535') },
  {
    name: 'a negative duration',
    text: 'TimeoutMs: -5\n',
    problem: at(1, 12, ' TimeoutMs: expected a number of at least 0'),
  },
  { name: 'infinity', text: 'Port: .inf\n', problem: at(1, 7, ' Port: ') },
  { name: 'not a number', text: 'Port: .nan\n', problem: at(1, 7, ' Port: ') },
  { name: 'a number with separators', text: 'Port: 8_080\n', problem: at(1, 7, ' Port: ') },
  { name: 'an old octal', text: 'Port: 0o17\n', value: { Port: 15 } },
  {
    name: 'a number too long to hold',
    text: 'Name: 123456789012345678901234567890\n',
    value: { Name: '123456789012345678901234567890' },
  },
  { name: 'a unit', text: 'TimeoutMs: 5s\n', problem: at(1, 12, ' TimeoutMs: .*found the string "5s"') },
  { name: 'a misspelt boolean', text: 'Tls: ture\n', problem: at(1, 6, ' Tls: .*did you mean true\\?') },
  {
    name: 'a quoted boolean',
    text: 'Tls: "true"\n',
    problem: at(1, 6, ' Tls: expected a boolean, found the string "true"; did you mean true\\?'),
  },
  { name: 'a number for a boolean', text: 'Tls: 1\n', problem: at(1, 6, ' Tls: .*did you mean true\\?') },
  { name: 'a boolean for a number', text: 'Port: true\n', problem: at(1, 7, ' Port: .*found true') },
  { name: 'yes for a number', text: 'Port: yes\n', problem: at(1, 7, ' Port: .*found the string "yes"') },
  {
    name: 'a number for a string',
    text: 'Name: 5\n',
    problem: at(1, 7, " Name: expected a string, found the number 5; did you mean '5' in quotes\\?"),
  },
  { name: 'a version for a string', text: 'Name: 1.10\n', problem: at(1, 7, ' Name: expected a string') },
  {
    name: 'a misspelt word',
    text: 'Level: inof\n',
    problem: at(1, 8, ' Level: expected one of "debug", "info", "warn".*did you mean info\\?'),
  },
  {
    name: 'a word in the wrong case',
    text: 'Level: INFO\n',
    problem: at(1, 8, ' Level: .*did you mean info\\?'),
  },
  { name: 'a list for a map', text: 'Db: [a]\n', problem: at(1, 5, ' Db: expected a map, found a list') },
  {
    name: 'a map for a list',
    text: 'Tags: { a: b }\n',
    problem: at(1, 7, ' Tags: expected a list, found a map'),
  },
  {
    name: 'a scalar for a map',
    text: `Db: ${SECRET}\n`,
    files: {},
    problem: at(1, 5, ' Db: expected a map'),
  },
  { name: 'null in a list', text: 'Tags: [a, ~]\n', problem: at(1, 11, ' Tags\\[1\\]: expected a string') },
  {
    name: 'a bad item in a list',
    text: 'Tags: [a, 5]\n',
    problem: at(1, 11, ' Tags\\[1\\]: expected a string, found the number 5'),
  },
  {
    name: 'a wrong secret',
    text: `Db: { Password: [${SECRET}] }\n`,
    problem: at(1, 17, ' Db\\.Password: expected a string'),
  },
  {
    name: 'a required key that is missing',
    text: 'Users: [{ Age: 1 }]\n',
    problem: at(1, '\\d+', ' Users\\[0\\]\\.Name: is required'),
  },
  {
    name: 'a required key that is unset',
    text: 'Users: [{ Name: null }]\n',
    problem: at(1, 11, ' Users\\[0\\]\\.Name: is required, but this unsets it'),
  },
  // From outside
  {
    name: 'a variable that is not set',
    text: 'Name: ${NOT_SET_ANYWHERE}\n',
    problem: at(1, 7, ' Name: the environment variable NOT_SET_ANYWHERE is not set'),
  },
  {
    name: 'a file that is not there',
    text: 'Name: !file /nowhere/at/all\n',
    problem: at(1, 13, ' Name: the file /nowhere/at/all cannot be read'),
  },
  { name: 'a file without a name', text: 'Name: !file\n', problem: at(1, '\\d+', ' Name: names no file') },
  {
    name: 'a directory as file',
    text: 'Name: !file /\n',
    problem: at(1, 13, ' Name: the file / cannot be read \\(EISDIR\\)'),
  },
  { name: 'a device as file', text: 'Name: !file /dev/zero\n', problem: at(1, 13, ' Name: ') },
  {
    name: 'an open placeholder',
    text: 'Name: ${HOME\n',
    problem: at(1, 7, ' Name: has a placeholder that is not'),
  },
  // Depth and size
  { name: 'deep flow nesting', text: `Tags: ${'['.repeat(5_000)}`, problem: /public\.yaml:\d+:\d+/ },
  {
    name: 'deep closed flow nesting',
    text: `Tags: ${'['.repeat(3_000)}${']'.repeat(3_000)}`,
    problem: /nested deeper than 100 levels/,
  },
  { name: 'very deep flow nesting', text: '['.repeat(900_000), problem: /nested deeper than 100 levels/ },
  { name: 'very deep flow maps', text: '{a: '.repeat(200_000), problem: /nested deeper than 100 levels/ },
  { name: 'deep block nesting', text: deepBlock(300), problem: /nested deeper than 100 levels/ },
  {
    name: 'deep list nesting',
    text: `Tags:\n  ${'- '.repeat(500)}a\n`,
    problem: /nested deeper than 100 levels/,
  },
  {
    name: 'many unknown keys',
    text: Array.from({ length: 2_000 }, (_, n) => `k${n}: 1`).join('\n'),
    problem: at(1, 1, ' k0: is not a known key'),
  },
  { name: 'many broken lines', text: '@\n'.repeat(5_000), problem: /public\.yaml:\d+:\d+: / },
];

function bomb(levels: number): string {
  const lines = Array.from(
    { length: levels },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(',')}]`,
  );
  return `a0: &a0 x\n${lines.join('\n')}\n`;
}

function bombOfMaps(levels: number): string {
  const lines = Array.from({ length: levels }, (_, n) => {
    const keys = ['a', 'b', 'c', 'd', 'e'].map((key) => `${key}: *m${n}`);
    return `m${n + 1}: &m${n + 1} { ${keys.join(', ')} }`;
  });
  return `m0: &m0 { x: 1 }\n${lines.join('\n')}\n`;
}

function bombOfMerges(levels: number): string {
  const lines = Array.from(
    { length: levels },
    (_, n) => `m${n + 1}: &m${n + 1} { <<: [*m${n}, *m${n}], k${n}: *m${n} }`,
  );
  return `m0: &m0 { x: 1 }\n${lines.join('\n')}\n`;
}

function deepBlock(levels: number): string {
  return Array.from({ length: levels }, (_, n) => `${' '.repeat(n)}a:\n`).join('');
}
