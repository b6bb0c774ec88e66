import { userInfo } from 'node:os'

/** The home folder that container run times set for a user whom the system does not know. */
const NO_HOME = '/'

/**
 * Gives the process a home folder when its environment has none. For a user without a line in the system's list, as in
 * containers that run under any number, Node.js and the AWS SDK would fail when they look for a home folder, although
 * nothing in it is needed: keys may be in the environment. An empty HOME would make them read `.aws` in the folder
 * where the program was started.
 * @param env `process.env`
 */
export function provideHome(
  env: Record<string, string | undefined>,
  platform: NodeJS.Platform,
  find = (): string => userInfo().homedir,
): void {
  if (platform === 'win32' || (env['HOME'] ?? '') !== '') return
  let home = ''
  try {
    home = find()
  } catch {
    // The system has no line for this user.
  }
  env['HOME'] = home === '' ? NO_HOME : home
}
