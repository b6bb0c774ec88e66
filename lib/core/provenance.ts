/**
 * A line of Helm's provenance files: the file name of the archive, and its digest (helm/helm pkg/provenance/sign.go).
 */
const FILE = /^[ \t]{1,64}["']?([^\s"':][^\s"']{0,1024}?)["']?:[ \t]{1,8}["']?sha256:[0-9a-f]{64}["']?[ \t\r]{0,8}$/gm

/**
 * Why `helm pull --verify` would refuse this provenance file for an archive with that file name, by which alone it
 * finds the archive. Undefined: the file names the archive; or it names none, and so is not a provenance file of Helm.
 */
export function provenanceProblem(provenance: string, fileName: string): string | undefined {
  const names = Array.from(provenance.matchAll(FILE), ([, name = '']) => name)
  return names.length === 0 || names.includes(fileName) ? undefined : `it names ${names.join(', ')}, not ${fileName}`
}
