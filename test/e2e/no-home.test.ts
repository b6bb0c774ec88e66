import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FORM } from './support/form.ts'
import { useWorkplace } from './support/matrix.ts'
import { type Result, run } from './support/run.ts'
import { CHARTS, ROOT, expectOk } from './support/workplace.ts'

const PLAIN = join(CHARTS, 'anchor-1.2.3.tgz')

/** What Node.js does in a container that runs under a user id without an entry in /etc/passwd. */
const NOBODY = `const os = require('node:os')
const fail = (call) => () => { throw Object.assign(new Error(call + ' returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' }) }
os.homedir = fail('uv_os_homedir')
os.userInfo = fail('uv_os_get_passwd')
`

describe('without a home folder,', () => {
  const at = useWorkplace('minio')
  /** Runs the program with keys, the endpoint and a PATH in the environment, and nothing else. */
  const bare = async (line: string, more: Readonly<Record<string, string>> = {}): Promise<Result> => {
    const stub = at().path('nobody.cjs')
    await writeFile(stub, NOBODY)
    const { AWS_ACCESS_KEY_ID, AWS_DISABLE_SSL, AWS_ENDPOINT, AWS_SECRET_ACCESS_KEY, PATH } = at().env
    const node: Record<string, string> = FORM === 'bundle' ? { NODE_OPTIONS: `--require=${stub}` } : {}
    return run(
      join(ROOT, 'bin/helm-s3'),
      line.split(' '),
      { AWS_ACCESS_KEY_ID, AWS_DISABLE_SSL, AWS_ENDPOINT, AWS_SECRET_ACCESS_KEY, PATH, ...node, ...more },
      at().folder,
    )
  }

  it('every command and the getter work with keys in the environment', async () => {
    const { url } = at()
    const copy = `s3://${at().bucket}/copy`
    const lines = [
      ...[
        `init ${url}`,
        `init ${copy}`,
        `push ${PLAIN} ${url}`,
        `list ${url}`,
        `status ${url}`,
        `log ${url}`,
        `config ${url} grace-window=10m`,
        `fetch anchor ${url}`,
      ],
      ...[
        `copy anchor ${url} ${copy}`,
        `check ${url}`,
        `compact ${url}`,
        `reindex ${url}`,
        `prune ${url} --keep-last=1`,
        `delete anchor ${url} --version=1.2.3`,
      ],
      ...[
        `download    ${url}/index.yaml`,
        `download    ${copy}/anchor-1.2.3.tgz`,
        '__complete list',
        'version',
        'list --help',
      ],
    ]
    for (const line of lines) expectOk(line, await bare(line))
    for (const line of lines.slice(2, 5)) assert.equal((await bare(line, { HOME: '' })).stderr, '', line)
  })

  it('a repository given by name is reported as missing, without an unexpected error', async () => {
    const { status, stderr } = await bare('list stable')
    assert.equal(status, 1)
    assert.match(stderr, /repositories\.yaml: no such file or directory\nHint: add the repository/)
    assert.doesNotMatch(stderr, /uv_os|unexpected/)
  })
})
