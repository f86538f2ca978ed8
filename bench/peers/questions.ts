// The questions that people ask in an incident, in Vakt's words and in LogsQL (docs.victoriametrics.com/victorialogs/logsql).
import type { Words } from './shapes.ts'

/** Newest lines that match; the most frequent hosts; lines over time; how many match. */
type Kind = 'search' | 'top' | 'histogram' | 'count'

export type Question = {
  name: string
  kind: Kind
  /** The query in Vakt's search language; empty for every line. */
  vakt: string
  logsql: string
}

/** How many lines a search wants. */
export const PAGE_SIZE = 50

export function questionsOf({ rare, regex, common, phrase, absent, method }: Words): Question[] {
  const search = (name: string, vakt: string, logsql: string): Question => ({ name, kind: 'search', vakt, logsql })
  return [
    search('user_id:4242', 'user_id:4242', 'user_id:=4242'),
    search('user_id>=49990', 'user_id>=49990', 'user_id:>=49990'),
    search(`/${regex}/`, `/${regex}/`, `_msg:~"${regex}"`),
    { name: 'top hosts', kind: 'top', vakt: '', logsql: '* | top 10 by (host)' },
    { name: 'histogram of a word', kind: 'histogram', vakt: common, logsql: common },
    search('rare word', rare, rare),
    search('common word', common, common),
    search('phrase', `"${phrase}"`, `"${phrase}"`),
    search('absent word', absent, absent),
    search(
      'word and two fields',
      `${common} host:web-3 level>=warn`,
      `${common} host:=web-3 level:in(warn,error,fatal)`,
    ),
    search(
      'word, key=value, level',
      `${method} status=500 level>=error`,
      `${method} status:=500 level:in(error,fatal)`,
    ),
    { name: 'count of a word', kind: 'count', vakt: common, logsql: `${common} | stats count() n` },
  ]
}
