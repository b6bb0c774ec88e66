import assert from 'node:assert/strict'
import { parseArgs } from '../../lib/cli/args.ts'
import { commandName } from '../../lib/ui/command.ts'
import { COMMANDS } from '../../lib/cli/command-table.ts'
import { errorText } from '../../lib/ui/error-text.ts'
import { GLOBAL_FLAGS } from '../../lib/ui/flags.ts'
import { helpText } from '../../lib/cli/help.ts'

const RUN_HELP = "Run 's3 --help' for usage.\n"

function parsed(line: string): Extract<ReturnType<typeof parseArgs>, { kind: 'run' }> {
  const invocation = parseArgs(line.split(' '))
  assert.equal(invocation.kind, 'run')
  return invocation
}

function refused(argv: readonly string[]): string {
  try {
    parseArgs(argv)
  } catch (error) {
    return errorText(error, false)
  }
  throw new Error(`accepted: ${argv.join(' ')}`)
}

describe('parseArgs: reading a line', () => {
  it('takes flags before the command, between the arguments and after them', () => {
    for (const line of [
      '--force push a.tgz repo',
      'push --force a.tgz repo',
      'push a.tgz --force repo',
      'push a.tgz repo --force',
    ]) {
      const { command, args, flags } = parsed(line)
      assert.deepEqual([commandName(command), args, flags['force']], ['push', ['a.tgz', 'repo'], true], line)
    }
  })

  it('takes values after a space and after an equals sign, and keeps every text as it is typed', () => {
    assert.equal(parsed('fetch app repo --version 1.10').flags['version'], '1.10')
    assert.equal(parsed('fetch app repo --version=0x10').flags['version'], '0x10')
    assert.deepEqual(parsed('fetch 007 1e3').args, ['007', '1e3'])
    assert.equal(parsed('fetch app repo -d/tmp/x').flags['destination'], '/tmp/x')
    assert.equal(parsed('fetch app repo -dcharts').flags['destination'], 'charts')
    assert.equal(parsed('fetch app repo -ojson').form, 'json')
  })

  it('collects the values of a repeatable flag; of any other repeated flag the last value counts', () => {
    assert.deepEqual(parsed('delete app repo --version 1 --version=2,3').flags['version'], ['1', '2,3'])
    assert.equal(parsed('fetch app repo --version 1 --version 2').flags['version'], '2')
  })

  it('reads the values of switches as pflag does', () => {
    for (const yes of ['1', 't', 'T', 'true', 'TRUE', 'True']) {
      assert.equal(parsed(`delete a b --all --dry-run=${yes}`).flags['dry-run'], true, yes)
      assert.equal(parsed(`push a b --relative=${yes}`).flags['relative'], true, yes)
    }
    for (const no of ['0', 'f', 'F', 'false', 'FALSE', 'False']) {
      assert.equal(parsed(`push a b --force=${no}`).flags['force'], false, no)
      assert.equal(parsed(`push a b --relative=${no}`).flags['relative'], false, no)
    }
    assert.equal(parsed('push a b --relative').flags['relative'], true)
    assert.equal(parsed('push a b').flags['relative'], undefined)
    assert.equal(parsed('push a b --force --force=false').flags['force'], false)
    assert.equal(parsed('version --help=false').kind, 'run')
    assert.equal(parsed('push a b --no-compact').flags['no-compact'], true)
    assert.equal(parsed('push a b').flags['no-compact'], false)
  })

  it('takes everything after -- as an argument', () => {
    assert.deepEqual(parsed('push -- --force repo').args, ['--force', 'repo'])
  })

  it('reads the global flags of any command', () => {
    const { settings, timeout, isVerbose } = parsed(
      '--timeout 1h30m push --region eu-west-1 a b --acl=public-read --tags= --verbose',
    )
    assert.deepEqual(
      [settings['acl'], settings['region'], settings['tags'], settings['sse']],
      ['public-read', 'eu-west-1', '', undefined],
    )
    assert.deepEqual([timeout, isVerbose], [5_400_000, true])
  })

  it('reads a flag as its command defines it, even before the command', () => {
    const lines = [
      ['--prov p push a b', 'p'],
      ['push --prov p a b', 'p'],
      ['push a b --prov=p', 'p'],
      ['--prov fetch a b', true],
      ['pull a --prov b', true],
    ] as const
    for (const [line, prov] of lines) {
      const { args, flags } = parsed(line)
      assert.deepEqual([args, flags['prov']], [['a', 'b'], prov], line)
    }
  })

  it('takes short flags written together, the last of them with a value', () => {
    for (const line of ['status r -qo json', 'status r -qojson', 'status r -qo=json', '-qo json status r']) {
      const { args, form, isQuiet } = parsed(line)
      assert.deepEqual([args, form, isQuiet], [['r'], 'json', true], line)
    }
    assert.equal(parsed('status r -q=false').isQuiet, false)
  })

  it('takes a dash or a negative number as the value of the flag before it, and never a word as the value of a switch', () => {
    assert.equal(parsed('push a b --prov -').flags['prov'], '-')
    assert.equal(parsed('push a b --version -5').flags['version'], '-5')
    assert.deepEqual(parsed('push --force true b').args, ['true', 'b'])
  })

  it('ignores flags of Helm that Helm passes on to plugins', () => {
    const line =
      '--burst-limit 5 push --debug=true a -nfoo --qps=3 b --color never --content-cache /x -v 6 --colour=auto'
    assert.deepEqual(parsed(line).args, ['a', 'b'])
  })

  it('keeps empty arguments in their place', () => {
    const invocation = parseArgs(['download', '', '', '', 's3://bucket/x', '--timeout=1m'])
    assert.deepEqual(invocation.kind === 'run' && invocation.args, ['', '', '', 's3://bucket/x'])
  })

  it('finds a command by its alias', () => {
    assert.equal(commandName(parsed('del a b --version=1').command), 'delete')
    assert.equal(commandName(parsed('pull a b').command), 'fetch')
  })
})

describe('parseArgs: refusing a line', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['push a.tgz', `accepts 2 arg(s), received 1\n${RUN_HELP}`],
    ['init', `accepts 1 arg(s), received 0\n${RUN_HELP}`],
    ['init a b', `accepts 1 arg(s), received 2\n${RUN_HELP}`],
    ['delete', `accepts 2 arg(s), received 0\n${RUN_HELP}`],
    ['push --nope a b', `unknown flag: --nope\n${RUN_HELP}`],
    ['push --nope=1 a b', `unknown flag: --nope\n${RUN_HELP}`],
    ['push a b --all', `unknown flag: --all\n${RUN_HELP}`],
    ['--version', `unknown flag: --version\n${RUN_HELP}`],
    ['push -x a b', `unknown shorthand flag: 'x' in -x\n${RUN_HELP}`],
    ['push -qx a b', `unknown shorthand flag: 'x' in -x\n${RUN_HELP}`],
    ['push a b --h', `unknown flag: --h\n${RUN_HELP}`],
    ['push a b --constructor', `unknown flag: --constructor\n${RUN_HELP}`],
    [
      'push a b --version --force',
      `flag needs an argument: --version\nHelm drops an empty argument together with the one after it: write ` +
        `--version=VALUE\n${RUN_HELP}`,
    ],
    [
      'fetch a b -qd',
      `flag needs an argument: -d\nHelm drops an empty argument together with the one after it: write ` +
        `-d=VALUE\n${RUN_HELP}`,
    ],
    ['version x', `unknown command "x" for "s3 version"\n${RUN_HELP}`],
    ['restore a b', 'required flag(s) "version" not set\n'],
    ['nonsense', 'unknown command "nonsense" for "s3"\n'],
    ['pus', 'unknown command "pus" for "s3"\n\nDid you mean this?\n\tpush\n\n'],
    ['downlod', 'unknown command "downlod" for "s3"\n'],
    [
      'push a b --timeout 5',
      `invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"\n${RUN_HELP}`,
    ],
    [
      'push a b --timeout=soon',
      `invalid argument "soon" for "--timeout" flag: time: invalid duration "soon"\n${RUN_HELP}`,
    ],
    [
      'delete a b --all --dry-run=yes',
      `invalid argument "yes" for "--dry-run" flag: strconv.ParseBool: parsing "yes": invalid syntax\n${RUN_HELP}`,
    ],
    [
      'push a b --relative=no',
      `invalid argument "no" for "--relative" flag: strconv.ParseBool: parsing "no": invalid syntax\n${RUN_HELP}`,
    ],
    [
      'push a b --force=',
      `invalid argument "" for "--force" flag: strconv.ParseBool: parsing "": invalid syntax\n${RUN_HELP}`,
    ],
    [
      'push a b --quiet=yes',
      `invalid argument "yes" for "--quiet" flag: strconv.ParseBool: parsing "yes": invalid syntax\n${RUN_HELP}`,
    ],
    ['init a --format=toml', `invalid argument "toml" for "--format" flag: must be json or yaml\n${RUN_HELP}`],
  ]
  for (const [line, message] of cases) {
    it(`says what is wrong with \`${line}\``, () => {
      assert.equal(refused(line.split(' ')), `Error: ${message}`)
    })
  }

  it('complains about flags first, then the number of arguments, then what is required', () => {
    assert.match(refused(['delete', '--nope']), /unknown flag/)
    assert.match(refused(['delete', 'a']), /accepts 2 arg/)
    assert.match(refused(['restore', 'a', 'b']), /required flag/)
  })

  it('explains a flag whose empty value Helm has dropped', () => {
    assert.equal(
      refused(['delete', 'app', 'repo', '--version']),
      `Error: flag needs an argument: --version\nHelm drops an empty argument together with the one after it: write ` +
        `--version=VALUE\n${RUN_HELP}`,
    )
    assert.match(
      refused(['delete', 'app', '--version', 'repo']),
      /received 1\nIf the value of --version was empty, Helm has dropped it/,
    )
  })

  it('does not refuse an explicit empty value', () => {
    assert.deepEqual(parsed('delete a b --version=').flags['version'], [''])
    assert.deepEqual(parsed('delete a b --version ').flags['version'], [''])
  })
})

describe('the help', () => {
  it('is shown for no arguments, help, --help and -h', () => {
    for (const argv of [[], ['help'], ['--help'], ['-h']])
      assert.deepEqual(parseArgs(argv), { kind: 'help', command: undefined })
  })

  it('is shown for a command whatever its arguments are', () => {
    for (const line of ['push --help', 'help push', '-h push a b c']) {
      const invocation = parseArgs(line.split(' '))
      assert.equal(invocation.kind === 'help' && invocation.command?.usage, 'push PATH... REPO', line)
    }
  })

  it('is refused for a command that does not exist', () => {
    assert.equal(refused(['help', 'nonsense']), 'Error: unknown command "nonsense" for "s3"\n')
  })

  it('lists every command except the hidden ones', async () => {
    const text = await helpText(undefined)
    for (const command of COMMANDS) {
      assert.equal(text.includes(command.usage), !command.isHidden, command.usage)
    }
  })

  it('shows usage, every flag and every example of a command', async () => {
    for (const command of COMMANDS) {
      const text = await helpText(command)
      assert.ok(text.startsWith(`helm s3 ${command.usage} [flags]\n`), text)
      for (const flag of [...Object.keys(command.flags), ...Object.keys(GLOBAL_FLAGS)])
        assert.ok(text.includes(`--${flag}`), flag)
      for (const [line] of command.examples) assert.ok(text.includes(`helm s3 ${line}`), line)
    }
  })

  it('offers no flag that Helm takes for itself', () => {
    const taken = [
      'namespace',
      'kube-context',
      'kubeconfig',
      'registry-config',
      'repository-cache',
      'repository-config',
      'debug',
      'n',
    ]
    for (const { flags } of COMMANDS) for (const flag of taken) assert.ok(!(flag in flags), flag)
  })
})
