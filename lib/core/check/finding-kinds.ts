/**
 * `error`: somebody cannot install a chart, or a chart is lost. `warning`: something is wrong. `remark`: worth knowing.
 */
export type Severity = 'error' | 'warning' | 'remark'

/** What puts a finding right: a command of the protocol that `check --fix` runs. */
/** `rename`: a reindex goes by the archives, and a tidy compaction names the rest by their charts. */
export type Repair = 'compact' | 'tidy' | 'rename' | 'reindex' | 'rebuild' | 'forget' | 'sweep'

export interface FindingKind {
  readonly severity: Severity
  /** What was found, without the particulars. */
  readonly title: string
  /** Why it matters. */
  readonly why: string
  /** Undefined: `check --fix` leaves it. */
  readonly repair: Repair | undefined
  /** What to do: a command when it begins with `helm s3`; REPO stands for the repository. */
  readonly next: string
}

const FIX = 'helm s3 check REPO --fix'

/** `index.yaml` is written by If-Match alone: a check that only reads cannot know whether the store takes it. */
const COMPACT =
  'helm s3 compact REPO; where the store refuses that, helm s3 check REPO --probe says what cannot be done there'
const OTHER_STORE = 'use another store: docs/STORES.md says which take them; helm s3 copy brings the charts there'

/** What to do about anything that a repair puts right, on a store that refuses to replace `index.yaml`. */
export const CANNOT_REPLACE =
  'nothing on this store: it refuses If-Match, so that index.yaml cannot be replaced; use another store: ' +
  'docs/STORES.md says which take it; helm s3 copy brings the charts there'

const kind = (severity: Severity, title: string, why: string, next: string, repair?: Repair): FindingKind => ({
  severity,
  title,
  why,
  next,
  repair,
})

/** Every kind of finding by its code. The codes are stable: scripts may rely on them. */
export const FINDING_KINDS = {
  'index-missing': kind('error', 'there is no index.yaml', 'Helm cannot use the repository', FIX, 'rebuild'),
  'index-unreadable': kind(
    'error',
    'Helm refuses index.yaml',
    'no chart of the repository can be found',
    FIX,
    'rebuild',
  ),
  'delta-unreadable': kind(
    'error',
    'a delta is listed, and the store does not give it',
    'every read and every change fails',
    `when it is ten minutes old: ${FIX} goes on without it; then helm s3 reindex REPO adds what it was to add`,
    'forget',
  ),
  'duplicate-chart': kind(
    'error',
    'a chart stands in index.yaml twice',
    'Helm sees the versions of the last one only',
    FIX,
    'tidy',
  ),
  'entry-null': kind('error', 'an entry of index.yaml is null', 'Helm before 3.18.5 crashes on it', FIX, 'tidy'),
  'entry-digest-invalid': kind(
    'error',
    'the digest of an entry is not 64 hex characters',
    'Helm 4 refuses to download the chart',
    FIX,
    'reindex',
  ),
  'entry-without-url': kind('error', 'an entry has no url', 'Helm cannot download the chart', FIX, 'reindex'),
  'entry-url-dead': kind(
    'error',
    'the url of an entry leads nowhere, and its archive lies in its place',
    'Helm finds the chart and cannot download it',
    FIX,
    'reindex',
  ),
  'archive-missing': kind(
    'error',
    'the archive of an entry is not in the bucket',
    'Helm finds the chart and cannot download it',
    `push the chart again, or take the entry away: ${FIX}`,
    'reindex',
  ),
  'archive-digest-mismatch': kind(
    'error',
    'an archive is not what its entry promises',
    'the archive was replaced without the index: Helm 4 may go on serving the old one',
    `push the right one with --force, or take the archive for right: ${FIX}`,
    'reindex',
  ),
  'archive-folder-mismatch': kind(
    'error',
    'the url of an entry leads into a folder, and not to the archive that the entry promises',
    'Helm cannot install the chart, or installs another one',
    'push the right one with --force, or delete it: helm s3 delete NAME REPO --version=VERSION',
  ),
  'archive-unreadable': kind(
    'error',
    'Helm cannot load an archive',
    'the chart cannot be installed',
    'push the chart again with --force, or delete it: helm s3 delete NAME REPO --version=VERSION',
  ),
  'archive-unread': kind(
    'error',
    'an archive could not be read or unpacked',
    'nobody knows whether its chart is in the index as it should be; a repair has left it out',
    'grant s3:GetObject on it, or push the chart again with --force; then helm s3 reindex REPO',
  ),
  'archive-of-other-chart': kind(
    'error',
    'an archive holds another chart or version than its entry says',
    'the wrong chart is installed',
    FIX,
    'reindex',
  ),
  'provenance-mismatch': kind(
    'error',
    'a provenance file does not belong to its archive',
    'helm pull --verify fails',
    'sign the archive again and push both with --force',
  ),
  'permission-read-missing': kind(
    'error',
    'a permission to read is missing',
    'the check is incomplete, and readers with these credentials miss charts',
    'grant it; docs/PERMISSIONS.md has the policies',
  ),
  'store-stale-reads': kind(
    'error',
    'the store does not show at once what was written',
    'charts can get lost',
    'use a store with strong read-after-write consistency: docs/STORES.md',
  ),
  'store-refuses-conditions': kind(
    'error',
    'the store refuses conditional requests',
    'without If-None-Match nothing can be pushed; without If-Match index.yaml cannot be replaced: nothing is ' +
      'compacted or repaired, and readers without the plugin see no change',
    OTHER_STORE,
  ),
  'store-listings-wrong': kind(
    'error',
    'the store does not list what is there',
    'charts seem to be gone, or nothing can be read',
    OTHER_STORE,
  ),
  'store-mixes-bodies': kind(
    'error',
    'the store mixes what several write at once under one key',
    'an archive or an index.yaml that two write at the same moment is destroyed',
    OTHER_STORE,
  ),
  'entry-skipped': kind(
    'warning',
    'Helm skips an entry of index.yaml',
    'every load of the index prints a warning',
    FIX,
    'tidy',
  ),
  'entry-left-out': kind(
    'warning',
    'Helm leaves out an entry that names an archive',
    'nobody can install it with Helm 3.5.2 or newer',
    'helm s3 reindex REPO makes it anew where its archive proves what it is; else push the chart again with a ' +
      'version that Helm takes, and delete this one: helm s3 delete NAME REPO --version=VERSION',
    'reindex',
  ),
  'entry-unnamed': kind(
    'warning',
    'an entry has no name, or one that no chart can have',
    'Helm skips it',
    `${FIX} names it as its archive does; without an archive: helm s3 delete NAME REPO --version=VERSION`,
    'reindex',
  ),
  'entry-duplicate': kind(
    'warning',
    'a version stands in a chart twice',
    'Helm takes the first, others may take the other',
    FIX,
    'tidy',
  ),
  'entry-misplaced': kind(
    'warning',
    'an entry has another name than the chart under which it stands',
    'Helm finds it under that chart only',
    `${FIX} goes by its archive, and without one by that chart`,
    'rename',
  ),
  'entry-digest-missing': kind(
    'warning',
    'an entry has no digest',
    'nobody can tell whether the archive is the right one, and Helm 4 does not cache it',
    FIX,
    'reindex',
  ),
  'entry-digest-elsewhere': kind(
    'warning',
    'an entry has no digest that means something, and its archive lies elsewhere, or in a folder',
    'a repair leaves such entries alone: Helm 4 refuses to download a chart whose digest is none',
    'push the chart into this repository with --force, or ask whoever writes the entry for its digest',
  ),
  'entry-url-query': kind(
    'warning',
    'the s3:// url of an entry has a query',
    'an index does not choose where signed requests go: the query is not obeyed, and plain Helm may fail at it',
    FIX,
    'tidy',
  ),
  'archive-unlisted': kind(
    'warning',
    'no entry names an archive',
    'nobody can install it, and it takes space',
    'helm s3 reindex REPO adds it; where it was deleted on purpose, an hour later: helm s3 prune REPO --orphans',
  ),
  'archive-unlisted-misnamed': kind(
    'warning',
    'no entry names an archive, and it is not called after the chart that it holds',
    'nobody can install it, and it takes space',
    'helm s3 reindex REPO adds it; to remove it, delete the object: a prune leaves it alone',
  ),
  'provenance-stale': kind(
    'warning',
    'a provenance file has no archive',
    'it takes space',
    'when it is an hour old: helm s3 prune REPO --orphans',
  ),
  'delta-ignored': kind(
    'warning',
    'an object in index.d/ is not obeyed',
    'what it was to change is not in the index',
    'find out who wrote it; a newer helm-s3: update this one; else remove the object',
  ),
  'collection-blocked': kind(
    'warning',
    'a delta of an unknown apiVersion stops the collection of all above it',
    'index.d/ grows',
    'update helm-s3',
  ),
  'config-too-large': kind(
    'warning',
    'the defaults of the repository are larger than 64 KiB',
    'every command that writes goes without them, and says so',
    'helm s3 config REPO KEY=VALUE sets them anew; helm s3 config REPO --unset relative empties them',
  ),
  'compaction-overdue': kind(
    'warning',
    'deltas are pending for long',
    'readers without the plugin do not see these changes',
    COMPACT,
    'compact',
  ),
  'store-create-races': kind(
    'warning',
    'If-None-Match is ignored or not exact',
    'two pushes of one version at the same moment may both succeed',
    'do not push one version from two places at once: docs/STORES.md',
  ),
  'store-swap-races': kind(
    'warning',
    'If-Match is ignored or not exact',
    'init --force and reindex --rebuild may undo what is written at the same moment; other changes are safe',
    'docs/STORES.md',
  ),
  'store-clocks-differ': kind(
    'warning',
    'the clocks of the store do not agree',
    'the order of changes, and how long a change is waited for, go by these clocks',
    'set the clocks of all servers of the store by NTP',
  ),
  'clock-skewed': kind(
    'warning',
    'the clock of this machine is far from that of the store',
    'AWS refuses requests that are more than 15 minutes off',
    'set the clock',
  ),
  'entries-unsorted': kind(
    'remark',
    'versions are not in order',
    'Helm sorts them each time; others may take the first for the newest',
    'nothing: the next push of the chart sorts them; or helm s3 check REPO --fix',
    'tidy',
  ),
  'archive-in-progress': kind(
    'remark',
    'no entry names a young archive',
    'a push or deletion may be under way',
    'check again in ten minutes',
  ),
  'archive-duplicate': kind(
    'remark',
    'an archive that no entry names holds a version that has an entry',
    'it takes space, and a reindex leaves it out',
    'nothing, if that is meant',
  ),
  'archive-foreign': kind(
    'remark',
    'a file that no entry names is no chart that Helm loads',
    'it takes space, and this program leaves it alone',
    'nothing, if that is meant',
  ),
  'archive-misnamed': kind(
    'remark',
    'an archive is not called NAME-VERSION.tgz',
    'an old client pushed it under its file name',
    'nothing: it can be installed',
  ),
  'archive-elsewhere': kind(
    'remark',
    'archives lie outside this repository',
    'they were not checked',
    'nothing, if that is meant',
  ),
  'provenance-missing': kind(
    'remark',
    'some versions of a chart have a provenance file, others have none',
    'helm pull --verify fails for the others',
    'nothing, if that is meant',
  ),
  'deltas-pending': kind(
    'remark',
    'deltas are pending',
    'readers without the plugin see these changes after the next compaction',
    COMPACT,
    'compact',
  ),
  'deltas-uncollected': kind(
    'remark',
    'folded deltas are still there',
    'they take space, and every reader lists them',
    COMPACT,
    'compact',
  ),
  'clock-differs': kind(
    'remark',
    'the clock of this machine is not that of the store',
    'nothing goes wrong: the order of changes follows the store',
    'nothing',
  ),
  'store-deletes-always': kind(
    'remark',
    'the store does not keep to If-Match on DELETE',
    'a deletion and a forced push of one version at the same instant may leave an entry without archive',
    'nothing: check finds such an entry',
  ),
  'store-without-winner': kind(
    'remark',
    'the store refuses all of several writers that come at once',
    'they look and try again: a push that meets others takes longer',
    'nothing',
  ),
  'store-bare-etags': kind(
    'remark',
    'the store recognises its ETags only without their quotes',
    'they are sent without; other clients that send them as they are shown are refused',
    'nothing; an update of the store may mend it',
  ),
  'store-sends-whole': kind(
    'remark',
    'the store sends more of an object than it is asked for',
    'readers and compactions fetch all of index.yaml each time',
    'nothing',
  ),
  'store-composes-not': kind(
    'remark',
    'the store does not compose objects exactly',
    'an index.yaml of 16 MiB and more is sent whole, and so are archives that are copied',
    'nothing',
  ),
  'store-pages-untried': kind(
    'remark',
    'several pages of a listing could not be tried',
    'it is not known whether listings of more than 1000 objects are complete',
    'try it with a folder of more than 1000 objects',
  ),
  'store-ignores-checksums': kind(
    'remark',
    'the store does not compare checksums',
    'bytes that change on the way are found when they are read',
    'nothing',
  ),
  'permission-write-missing': kind(
    'remark',
    'a permission to write is missing',
    'enough for a reader',
    'docs/PERMISSIONS.md says who needs which',
  ),
  'probe-incomplete': kind(
    'remark',
    'the store could not be probed',
    'its guarantees are not known',
    'grant what the probe needs: docs/PERMISSIONS.md',
  ),
  'probe-leftovers': kind('remark', 'an interrupted probe left objects', 'they do no harm', FIX, 'sweep'),
  'upload-leftovers': kind(
    'remark',
    'an interrupted compaction left an upload that was not completed',
    'nobody sees it, and it takes space until it is aborted',
    FIX,
    'sweep',
  ),
} as const satisfies Readonly<Record<string, FindingKind>>

export type FindingCode = keyof typeof FINDING_KINDS
