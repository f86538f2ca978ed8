// How much a new pattern resembles one that was there before: another ending of a known message is less of a surprise than a message never seen. Pure.

/**
 * For each template that is new (`before` is 0), the greatest share of its words, 0 to 1, that begin or end a template of the period
 * before as well: the same message with a part exchanged. O(n log n): of the templates before, only both neighbours in the order of
 * the words are compared, because they have the longest common beginning.
 */
export function measureResemblance<T extends { template: string; before: number }>(
  templates: readonly T[],
): Map<T, number> {
  const sorted = templates
    .map(template => ({ template, words: template.template.split(/\s+/) }))
    .sort((a, b) => compareWords(a.words, b.words))
  const resemblance = new Map<T, number>()
  for (const list of [sorted, sorted.toReversed()]) {
    let earlier: readonly string[] = []
    for (const { template, words } of list) {
      if (template.before > 0) earlier = words
      else resemblance.set(template, Math.max(resemblance.get(template) ?? 0, measureCommonShare(words, earlier)))
    }
  }
  return resemblance
}

/** The share of `words` that begin or end `earlier` in the same order. */
function measureCommonShare(words: readonly string[], earlier: readonly string[]): number {
  const beginning = countCommonBeginning(words, earlier)
  if (beginning === 0) return 0
  const ending = countCommonBeginning(words.slice(beginning).reverse(), earlier.slice(beginning).reverse())
  return (beginning + ending) / words.length
}

function compareWords(a: readonly string[], b: readonly string[]): number {
  const at = countCommonBeginning(a, b)
  const [word, other] = [a[at] ?? '', b[at] ?? '']
  return word < other ? -1 : word > other ? 1 : 0
}

function countCommonBeginning(a: readonly string[], b: readonly string[]): number {
  let count = 0
  while (count < a.length && count < b.length && a[count] === b[count]) count++
  return count
}
