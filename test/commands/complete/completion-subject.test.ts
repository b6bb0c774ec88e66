import assert from 'node:assert/strict'
import { COMMANDS } from '../../../lib/cli/command-table.ts'
import { completionSubject } from '../../../lib/commands/complete/completion-subject.ts'

const VERSION = {
  kind: 'version',
  isDeleted: false,
  prefix: '',
  before: '',
  chart: 'app',
  repository: undefined,
  taken: [''],
}

describe('the subject of a completion', () => {
  for (const [line, expected] of [
    ['delete |', { kind: 'chart', prefix: '', repository: undefined }],
    ['del a|', { kind: 'chart', prefix: 'a', repository: undefined }],
    ['delete app st|', { kind: 'repository', prefix: 'st', orFile: false }],
    ['delete app stable |', { kind: 'nothing' }],
    ['delete --version 1.0.0 app |', { kind: 'repository', prefix: '', orFile: false }],
    ['delete app --version |', VERSION],
    ['delete app stable --version=1|', { ...VERSION, prefix: '1', repository: 'stable' }],
    ['delete app --version 1.0.0,|', { ...VERSION, before: '1.0.0,', taken: ['1.0.0', ''] }],
    ['delete app --version=1.0.0 --version |', { ...VERSION, taken: ['', '1.0.0'] }],
    ['delete --version |', { kind: 'nothing' }],
    ['fetch app stable --version |', { ...VERSION, repository: 'stable', taken: [] }],
    ['restore app stable --version |', { ...VERSION, isDeleted: true, repository: 'stable' }],
    [
      'restore app stable --version=1.0.0,|',
      { ...VERSION, isDeleted: true, repository: 'stable', before: '1.0.0,', taken: ['1.0.0', ''] },
    ],
    ['fetch app stable -d |', { kind: 'file' }],
    ['list stable |', { kind: 'chart', prefix: '', repository: 'stable' }],
    ['list |', { kind: 'repository', prefix: '', orFile: false }],
    ['push |', { kind: 'file' }],
    ['push app.tgz |', { kind: 'repository', prefix: '', orFile: true }],
    ['push a.tgz b.tgz s|', { kind: 'repository', prefix: 's', orFile: true }],
    ['push --force |', { kind: 'file' }],
    ['push -- -a.tgz s|', { kind: 'repository', prefix: 's', orFile: true }],
    ['init |', { kind: 'nothing' }],
    ['compact stable --format |', { kind: 'words', prefix: '', words: ['json', 'yaml'] }],
    ['compact stable -o=y|', { kind: 'words', prefix: 'y', words: ['table', 'json', 'yaml'] }],
    ['compact stable -o |', { kind: 'words', prefix: '', words: ['table', 'json', 'yaml'] }],
    ['compact stable -oy|', { kind: 'words', prefix: 'y', words: ['table', 'json', 'yaml'] }],
    ['compact stable -qo |', { kind: 'words', prefix: '', words: ['table', 'json', 'yaml'] }],
    ['compact --constructor |', { kind: 'repository', prefix: '', orFile: false }],
    ['push -- --prov=|', { kind: 'file' }],
    ['push a.tgz -- --prov=|', { kind: 'repository', prefix: '--prov=', orFile: true }],
    ['--verbose del |', { kind: 'chart', prefix: '', repository: undefined }],
    ['compact --timeout |', { kind: 'nothing' }],
    ['compact --no-such-flag |', { kind: 'repository', prefix: '', orFile: false }],
    ['compact --no-such-flag=|', { kind: 'nothing' }],
    ['compact --for|', { kind: 'nothing' }],
    ['nothing |', { kind: 'nothing' }],
    ['download |', { kind: 'nothing' }],
    ['help push |', { kind: 'nothing' }],
  ] as const) {
    it(`is of kind "${expected.kind}" in \`${line}\``, () => {
      assert.deepEqual(completionSubject(COMMANDS, line.replace('|', '').split(' ')), expected)
    })
  }

  it('is the name of a command where the line has none', () => {
    for (const words of [[], ['p'], ['help', 'p']]) {
      const subject = completionSubject(COMMANDS, words)
      assert.ok(subject.kind === 'words')
      assert.ok(
        subject.words.includes('push') && !subject.words.includes('download') && !subject.words.includes('__complete'),
      )
    }
  })
})
