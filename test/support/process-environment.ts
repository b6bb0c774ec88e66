/** Variables that the AWS SDK reads, and no test may inherit from who runs it. */
const FOREIGN = /^(?:AWS_|HELM_S3_|HTTPS?_PROXY$|NO_PROXY$|ALL_PROXY$)/i

/**
 * Lets each test of the enclosing `describe` set variables of this process, and puts them back: the AWS SDK reads the
 * environment itself.
 */
export function useProcessEnvironment(): (variables: Readonly<Record<string, string>>) => NodeJS.ProcessEnv {
  let before: NodeJS.ProcessEnv = {}
  beforeEach(() => {
    before = { ...process.env }
    for (const name of Object.keys(process.env)) if (FOREIGN.test(name)) delete process.env[name]
  })
  afterEach(() => {
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, before)
  })
  return (variables) => Object.assign(process.env, variables)
}
