// The tables of a partition file: lines as they arrive, sealed blocks, and the index of their words.

/**
 * The version of the file layout; it changes also when the words of a block are made in another way. Blocks of layout 4, which have
 * all attributes in one piece, may be in a file of this one, too.
 */
export const LAYOUT_VERSION = 5
/** Files of this layout and later ones have blocks. */
const FIRST_LAYOUT_OF_BLOCKS = 4

/** Whether files of a layout have blocks, rather than rows with a full-text index. */
export function hasBlocks(layout: number): boolean {
  return layout >= FIRST_LAYOUT_OF_BLOCKS && layout <= LAYOUT_VERSION
}

// `arrivals` has the lines that are not sealed yet, one row for a transaction or a part of it. Ids of all tables come from
// `next_id` and are never used again, so a reader may remember what it read by them; `generation` grows when blocks change. `projects` has
// what each project stored, as JSON lines before compression.
export const SCHEMA = `
create table arrivals (id integer primary key, lines integer not null, bytes integer not null, data blob not null);
create table blocks (
  id integer primary key, lines integer not null, first_timestamp integer not null, last_timestamp integer not null,
  first_position integer not null, last_position integer not null, summary text not null
);
create table pieces (id integer primary key, data blob not null);
create table segments (id integer primary key, blocks text not null, buckets integer not null);
create table buckets (id integer primary key, data blob not null);
create table projects (name text primary key, lines integer not null, raw_bytes integer not null) without rowid;
create table replies (
  project text, key text, received integer not null, reply text not null, primary key (project, key)
) without rowid;
create table summary (
  lines integer not null default 0, first_timestamp integer, last_timestamp integer,
  last_position integer not null default 0, expires_at integer not null, filled integer not null default 0,
  next_id integer not null default 1, generation integer not null default 0
);
pragma user_version = ${LAYOUT_VERSION};
`

/** The pieces of a block are stored under `block * PIECES_PER_BLOCK` and the number of the piece. */
export const PIECES_PER_BLOCK = 16
/** The same for the buckets of a segment. */
export const BUCKETS_PER_SEGMENT = 65_536
