// Planted bugs of `planted-sample` that change nothing anybody could see, each with the reason; they do not count.

/** By the place and the change, so that an entry stays right when lines move. */
export const EQUIVALENT: readonly { file: string; from: string; to: string; reason: string }[] = []
