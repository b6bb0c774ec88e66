import assert from 'node:assert/strict'
import { useWorkplace } from './support/matrix.ts'
import { run } from './support/run.ts'
import { part } from './support/servers.ts'
import { CHARTS, type HelmMajor, ROOT } from './support/workplace.ts'

/** What the package bash-completion does for a script, because a machine may not have that package. */
const PREAMBLE = '_init_completion() { cur=${COMP_WORDS[COMP_CWORD]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }'

for (const major of [3, 4] as const satisfies readonly HelmMajor[]) {
  describe(`completion with Helm ${String(major)}`, () => {
    const at = useWorkplace('minio')
    const helm = part(`helm${String(major)}/helm`)

    beforeEach(async () => {
      const place = at()
      await place.helmOk(major, `plugin install ${ROOT.replace(/\/$/, '')}`)
      await place.helmOk(major, `s3 init ${place.url}`)
      await place.helmOk(major, `repo add stable ${place.url}`)
      await place.helmOk(major, `s3 push ${CHARTS}/anchor-1.2.3.tgz ${CHARTS}/anchor-1.3.1.tgz stable`)
    })

    /** The candidates and the directive for the end of a line. */
    const complete = async (line: string): Promise<string[]> => {
      const { stdout } = await run(helm, ['__complete', ...line.split(' ')], at().env, at().folder)
      return stdout.trim().split('\n')
    }

    it('offers commands, repositories, charts, versions, flags and their values', async () => {
      const repository = `stable\t${at().url}`
      for (const [line, expected] of [
        ['s3 stat', ['status', ':4']],
        ['s3 compact ', [repository, ':4']],
        ['s3 delete ', ['anchor', ':4']],
        ['s3 del anchor st', [repository, ':4']],
        ['s3 delete anchor stable --version ', ['1.3.1', '1.2.3', ':36']],
        ['s3 delete anchor stable --version=1.2', ['1.2.3', ':36']],
        ['s3 list stable ', ['anchor', ':4']],
        ['s3 push ', [':0']],
        ['s3 push anchor.tgz ', [repository, ':0']],
        ['s3 push --no-comp', ['--no-compact', ':4']],
        ['s3 compact --format=', ['json', 'yaml', ':4']],
      ] as const) {
        assert.deepEqual(await complete(line), expected, line)
      }
    })

    it("works in bash with Helm's completion script", async () => {
      const reply = async (...words: string[]): Promise<string[]> => {
        const line = ['helm', ...words]
        const quoted = line.map((word) => `'${word}'`).join(' ')
        const script = `
          PATH=${helm.replace(/\/helm$/, '')}:$PATH
          ${PREAMBLE}
          source <(helm completion bash)
          COMP_WORDS=(${quoted}) COMP_CWORD=${String(line.length - 1)} COMP_LINE='${line.join(' ')}' COMP_POINT=${String(line.join(' ').length)} COMP_TYPE=9
          __start_helm 2>/dev/null
          printf '%s\\n' "\${COMPREPLY[@]}"`
        const { stdout } = await run('bash', ['-c', script], at().env, at().folder)
        return stdout
          .trim()
          .split('\n')
          .map((candidate) => candidate.trim())
      }
      assert.deepEqual(await reply('s3', 'delete', 'a'), ['anchor'])
      assert.deepEqual(await reply('s3', 'delete', 'anchor', 'stable', '--version', '1.2'), ['1.2.3'])
      assert.deepEqual(await reply('s3', 'delete', 'anchor', 'stable', '--version', ''), ['1.3.1', '1.2.3'])
      assert.deepEqual(await reply('s3', 'compact', 'st'), ['stable'])
      assert.deepEqual(await reply('s3', 'stat'), ['status'])
    })
  })
}
