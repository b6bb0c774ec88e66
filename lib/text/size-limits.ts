/**
 * The most that is accepted from a bucket, from an archive or from a store. Input above a limit counts as malformed or
 * is refused, and none of it is kept in memory. `docs/FORMAT.md` lists the limits for other implementations.
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of one delta. */
export const MAX_DELTA = 64 * MIB
/** Entries and removals of one delta. */
export const MAX_DELTA_ITEMS = 250_000
/** Bytes of a delta that is not JSON text: a YAML parser needs a thousand times as long. */
export const MAX_YAML_DELTA = 128 * KIB
/** Lines of a delta that is not JSON text. */
export const MAX_YAML_LINES = 4000
/** Scalars, marks and breaks of such a delta, as a YAML scanner counts them. */
export const MAX_YAML_TOKENS = 50_000
/** Anchors and aliases of such a delta. */
export const MAX_YAML_ALIASES = 100
/** Levels of nesting in a JSON text. */
export const MAX_JSON_DEPTH = 256
/** Levels of nesting in a YAML text, as a parser counts them. go-yaml allows 10,000; people need ten. */
export const MAX_YAML_DEPTH = 200
/** Characters of one text in the `origin` of a delta. Longer texts are left out. */
export const MAX_ORIGIN = 1024

/** Bytes of the defaults of a repository. */
export const MAX_CONFIG = 64 * KIB
/** Bytes of `index.yaml`, and of any other object that is held in memory. */
export const MAX_INDEX = 512 * MIB

/** Characters of a version and of the name of a chart. No key is longer. */
export const MAX_NAME = 1024
/** Characters of a constraint for versions. */
export const MAX_CONSTRAINT = 1000

/**
 * Bytes of a listing or of another document of a store. A page with a thousand of the longest keys, encoded, is
 * smaller.
 */
export const MAX_DOCUMENT = 16 * MIB
/** Bytes of the body of a refusal. What follows is not read. */
export const MAX_ERROR = 64 * KIB

/**
 * Bytes of an archive. Helm loads no archive that unpacks to more (helm/helm pkg/chart/v2/loader/archive.go), and so no
 * larger archive either.
 */
export const MAX_ARCHIVE = 100 * MIB
/**
 * Bytes of the files of one chart, which must stay below this limit of Helm (helm/helm pkg/chart/loader/archive.go).
 */
export const MAX_CHART = 100 * MIB
/** Bytes of one file. Helm 4.3 no longer has this limit, but older versions that read the repository do. */
export const MAX_FILE = 5 * MIB
/**
 * Bytes of everything that is unpacked: three times Helm's limit, with room for headers, for skipped entries, and for
 * the archives of a few subcharts.
 */
export const MAX_UNPACKED = 300 * MIB
/** Files of a chart, including those in the archives of its subcharts. */
export const MAX_FILES = 20_000
/** Bytes of the path of a file in an archive. No file system accepts more. */
export const MAX_PATH = 4096
/** Levels of subcharts inside subcharts. */
export const MAX_SUBCHART_DEPTH = 20
/**
 * Bytes of one Chart.yaml. Helm has no such limit, but the content becomes part of every index that lists the chart.
 */
export const MAX_CHART_YAML = 1 * MIB
/**
 * Bytes of all Chart.yaml files of a chart. A usual chart has some kilobytes, and the parser needs a second or more for
 * each megabyte.
 */
export const MAX_METADATA = 4 * MIB
/** Bytes of YAML that is only checked. What exceeds them is accepted without a check. */
export const MAX_CHECKED = 2 * MIB
/** Bytes of a provenance file, which contains a Chart.yaml. */
export const MAX_PROVENANCE = 2 * MIB
