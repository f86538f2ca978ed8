// Asks the bundled SQLite how FTS5's unicode61 tokenizer treats single characters and texts, for the tests of words.ts.
import Database from 'better-sqlite3'

/** What the tokenizer does with a character: splits words, is removed within one, or becomes `to`. */
export type Treatment = { kind: 'splits' } | { kind: 'removed' } | { kind: 'folds'; to: number }

/** The tokens of each text, as `unicode61 remove_diacritics 2` makes them. */
export function sqliteWords(texts: readonly string[]): string[][] {
  const db = new Database(':memory:')
  db.exec(`CREATE VIRTUAL TABLE lines USING fts5(text, tokenize = "unicode61 remove_diacritics 2");
    CREATE VIRTUAL TABLE terms USING fts5vocab(lines, 'instance')`)
  const insert = db.prepare('INSERT INTO lines(rowid, text) VALUES (?, ?)')
  db.transaction(() => {
    for (const [index, text] of texts.entries()) insert.run(index, text)
  })()
  const found: string[][] = texts.map(() => [])
  const rows = db.prepare<[], { term: string; doc: number; offset: number }>('SELECT term, doc, "offset" FROM terms')
  for (const { term, doc, offset } of rows.iterate()) found[doc]![offset] = term
  db.close()
  return found
}

/** Characters per query: at most as many as fit in a word, which SQLite cuts at 32 KiB. */
const CHUNK_SIZE = 4_096

/** What the tokenizer does with each of these characters (code points; surrogates are not characters). */
export function sqliteTreatments(codePoints: readonly number[]): Map<number, Treatment> {
  const treatments = new Map<number, Treatment>()
  for (let start = 0; start < codePoints.length; start += CHUNK_SIZE) {
    const chunk = codePoints.slice(start, start + CHUNK_SIZE)
    if (isOneWord(chunk)) {
      for (const code of chunk) treatments.set(code, { kind: 'folds', to: code })
      continue
    }
    // Each character between two letters that cannot be mistaken for it, so that a split shows.
    const tokens = sqliteWords([chunk.map(code => `q${String.fromCodePoint(code)}z`).join(' ')])[0]!
    let at = 0
    for (const code of chunk) {
      const token = tokens[at++]!
      const inner = token.slice(1, -1)
      if (token === 'q') at += 1
      treatments.set(
        code,
        token === 'q'
          ? { kind: 'splits' }
          : inner === ''
            ? { kind: 'removed' }
            : { kind: 'folds', to: inner.codePointAt(0)! },
      )
    }
  }
  return treatments
}

/** Whether a text of these characters is one word and stays as it is, as for most code points: no single one differs then. */
function isOneWord(codePoints: readonly number[]): boolean {
  const text = `q${String.fromCodePoint(...codePoints)}z`
  const [found] = sqliteWords([text])
  return found!.length === 1 && found![0] === text
}
