import assert from 'node:assert/strict'
import { compileGoPattern } from '../../lib/chart/go-pattern.ts'
import { readIgnoreRules } from '../../lib/chart/ignore-rules.ts'

describe('patterns of Go', () => {
  it('match the whole of a text, and stars stop at slashes', () => {
    // These cases are from Go's path/filepath match_test.go.
    const cases: readonly (readonly [pattern: string, text: string, isMatch: boolean])[] = [
      ['abc', 'abc', true],
      ['*', 'abc', true],
      ['*c', 'abc', true],
      ['a*', 'ab/c', false],
      ['a*/b', 'abc/b', true],
      ['a*/b', 'a/c/b', false],
      ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
      ['a*b?c*x', 'abxbbxdbxebxczzx', true],
      ['a*b?c*x', 'abxbbxdbxebxczzy', false],
      ['ab[c]', 'abc', true],
      ['ab[b-d]', 'abc', true],
      ['ab[^c]', 'abc', false],
      ['ab[^e-g]', 'abc', true],
      ['ab[z-a]', 'abz', false],
      ['a\\*b', 'a*b', true],
      ['a\\*b', 'ab', false],
      ['a?b', 'a☺b', true],
      ['a[^a]b', 'a☺b', true],
      ['a???b', 'a☺b', false],
      ['[a-ζ]*', 'α', true],
      ['*[a-ζ]', 'A', false],
      ['a?b', 'a/b', false],
      ['[\\]a]', ']', true],
      ['[\\-x]', 'x', true],
      ['[x\\-]', 'z', false],
      ['*.$(x)+{1}|y', 'a.$(x)+{1}|y', true],
      ['a', 'a\n', false],
    ]
    for (const [pattern, text, isMatch] of cases)
      assert.equal(compileGoPattern(pattern)?.(text), isMatch, `${pattern} ${text}`)
  })

  it('with many stars take no longer than text and pattern are long', () => {
    const pattern = `${'*a'.repeat(60)}*b`
    assert.equal(compileGoPattern(pattern)?.('a'.repeat(4000)), false)
    assert.equal(compileGoPattern(pattern)?.(`${'a'.repeat(4000)}b`), true)
  })

  it('take the first place for what follows a star, as Go does, and look for no other', () => {
    assert.equal(compileGoPattern('*[^x]/*c')?.('b//c'), false)
    assert.equal(compileGoPattern('*/a*b')?.('x/a/ab'), false)
    assert.equal(compileGoPattern('**a**')?.('xxa'), true)
  })

  it('are refused where Go refuses them', () => {
    for (const pattern of ['[]a]', '[-]', '[x-]', '[-x]', '\\', '[a-b-c]', '[', '[^', '[^bc', 'a[', 'a[b', '[a\\']) {
      assert.equal(compileGoPattern(pattern), undefined, pattern)
    }
  })
})

describe('.helmignore', () => {
  const ignored = (text: string | undefined, path: string): boolean =>
    readIgnoreRules(text)(path.replace(/\/$/, ''), path.endsWith('/'))

  it('is read by the rules of Helm', () => {
    // These cases are from helm/helm internal/ignore/rules_test.go.
    const cases: readonly (readonly [rules: string, path: string, isIgnored: boolean])[] = [
      ['helm.txt', 'helm.txt', true],
      ['helm.*', 'helm.txt', true],
      ['helm.*', 'rudder.txt', false],
      ['*.txt', 'tiller.txt', true],
      ['*', 'cargo/a.txt', true],
      ['cargo/*.txt', 'cargo/a.txt', true],
      ['cargo/*.*', 'cargo/a.txt', true],
      ['ru[c-e]?er.txt', 'rudder.txt', true],
      ['templates/.?*', 'templates/.dotfile', true],
      ['.*', '.hidden', true],
      ['cargo/', 'cargo/', true],
      ['cargo/', 'cargo', false],
      ['cargo/', 'mast/cargo/', true],
      ['helm.txt/', 'helm.txt', false],
      ['!helm.txt', 'helm.txt', false],
      ['!helm.txt', 'tiller.txt', true],
      ['!*.txt', 'cargo/', true],
      ['!cargo', 'mast/', true],
      ['!cargo/', 'mast/', true],
      ['!cargo/', 'cargo', true],
      ['/a.txt', 'a.txt', true],
      ['/a.txt', 'cargo/a.txt', false],
      ['/cargo/a.txt', 'cargo/a.txt', true],
      ['cargo/', 'cargo/a.txt', false],
      ['a.txt', 'cargo/a.txt', true],
      ['#helm.txt', 'helm.txt', false],
      ['  helm.txt\t\r', 'helm.txt', true],
      ['\ufeffhelm.txt', 'helm.txt', true],
      ['!helm.txt\nhelm.txt', 'helm.txt', true],
      ['helm.txt\n!helm.txt', 'helm.txt', true],
    ]
    for (const [rules, path, isIgnored] of cases) assert.equal(ignored(rules, path), isIgnored, `${rules}: ${path}`)
  })

  it('leaves hidden templates out even when there is none, or it is empty', () => {
    for (const text of [undefined, '', '\n# nothing\n']) {
      assert.equal(ignored(text, 'templates/.swp'), true)
      assert.equal(ignored(text, 'templates/.'), false)
      assert.equal(ignored(text, '.helmignore'), false)
      assert.equal(ignored(text, 'files/.keep'), false)
    }
  })

  it('refuses what Helm refuses, and names it', () => {
    assert.throws(
      () => readIgnoreRules('a\n**/b\n'),
      /\.helmignore: double-star \(\*\*\) syntax is not supported: \*\*\/b/,
    )
    assert.throws(() => readIgnoreRules('a[\n'), /\.helmignore: syntax error in pattern: a\[/)
  })
})
