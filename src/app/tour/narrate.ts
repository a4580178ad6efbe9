/** What a line of the demo's story is about; the command gives it a glyph and a colour. */
export type Tone = 'title' | 'step' | 'allowed' | 'held' | 'denied' | 'planted' | 'note' | 'good' | 'bad' | 'next';

export type Narrate = (tone: Tone, text: string) => void;
