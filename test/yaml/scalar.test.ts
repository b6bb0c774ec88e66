import assert from 'node:assert/strict'
import { looksTyped, resolvePlain, scalarText } from '../../lib/yaml/scalar.ts'

describe('yaml scalar', () => {
  const resolved: readonly (readonly [string, unknown])[] = [
    ['y', true],
    ['Yes', true],
    ['ON', true],
    ['n', false],
    ['Off', false],
    ['False', false],
    ['yEs', 'yEs'],
    ['', null],
    ['~', null],
    ['NULL', null],
    ['nULL', 'nULL'],
    ['1', 1],
    ['-0', 0],
    ['+12', 12],
    ['1_000', 1000],
    ['010', 8],
    ['08', 8],
    ['0o17', 15],
    ['0x1F', 31],
    ['-0b101', -5],
    ['1.', 1],
    ['.5', 0.5],
    ['1.10', 1.1],
    ['72551e2', 7_255_100],
    ['1e999', '1e999'],
    ['.inf', Infinity],
    ['-.INF', -Infinity],
    ['1:30', '1:30'],
    ['2024-01-01', '2024-01-01'],
    ['1.2.3', '1.2.3'],
    ['0.1.0-rc.1', '0.1.0-rc.1'],
    ['0x', '0x'],
    ['-', '-'],
    ['.', '.'],
    ['text', 'text'],
  ]
  for (const [text, value] of resolved) {
    it(`reads ${text === '' ? 'nothing' : text} as go-yaml does`, () => assert.deepEqual(resolvePlain(text), value))
  }
  it('reads .nan as not a number', () => assert.ok(Number.isNaN(resolvePlain('.NaN'))))

  it('needs quotes when some YAML 1.1 reader takes it for something else', () => {
    for (const text of ['yes', '1e3', '', '2024-01-01', '2024-1-1 10:00:00', '1:30', '-190:20:30.15', '<<', '0x1f'])
      assert.ok(looksTyped(text), text)
    for (const text of ['1.2.3', 'v1', 'a:b', '2024-01', '1:99', '=']) assert.ok(!looksTyped(text), text)
  })

  const coerced: readonly (readonly [number | boolean, string])[] = [
    [1.1, '1.1'],
    [1, '1'],
    [7_255_100, '7255100'],
    [7_255_100.5, '7.2551005e+06'],
    [1234567.5, '1.2345675e+06'],
    [1.23456789, '1.2345679'],
    [1e30, '1e+30'],
    [0.00001, '1e-05'],
    [0.0001, '0.0001'],
    [-0.5, '-0.5'],
    [123456.5, '123456.5'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [1e300, '+Inf'],
    [NaN, 'NaN'],
    [true, 'true'],
  ]
  for (const [value, text] of coerced) {
    it(`makes the string ${text} of ${String(value)} where a string belongs`, () =>
      assert.equal(scalarText(value), text))
  }
})
