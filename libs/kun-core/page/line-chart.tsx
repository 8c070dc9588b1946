import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { timeText } from './units.js';

export interface Line {
  readonly name: string;
  /** One value a step, the oldest first; `null` for none. */
  readonly values: ReadonlyArray<number | null>;
  /** Which of the chart's colours. */
  readonly tone: 'main' | 'bad' | 'soft';
}

interface LineChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly text: (value: number) => string;
  /** When the last step ended, in milliseconds since the epoch, and how long a step is. */
  readonly until: number;
  readonly stepSeconds: number;
}

const WIDTH = 300;
const HEIGHT = 80;

/** A small chart of the last minutes: it says its last and highest values, and under the pointer those of that time. */
export function LineChart({ title, lines, text, until, stepSeconds }: LineChartProps): JSX.Element {
  const [pointed, setPointed] = useState<number>();
  const steps = Math.max(0, ...lines.map(({ values }) => values.length));
  const highest = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const shown = pointed ?? steps - 1;
  const point = (event: PointerEvent & { readonly currentTarget: Element }) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPointed(Math.min(steps - 1, Math.max(0, Math.round(((event.clientX - left) / width) * (steps - 1)))));
  };
  const valueAt = ({ values }: Line) => {
    const value = values[shown];
    return value === null || value === undefined ? '–' : text(value);
  };
  const minutes = Math.round((steps * stepSeconds) / 60);
  const said = lines.map((line) => `${line.name} now ${valueAt(line)}`).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="chart-values">
          {lines.map((line) => (
            <span key={line.name} class={`tone-${line.tone}`}>
              {lines.length > 1 && <small>{line.name} </small>}
              {valueAt(line)}
            </span>
          ))}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}, the last ${minutes} minutes: ${said}; highest ${text(highest)}`}
        onPointerMove={point}
        onPointerLeave={() => setPointed(undefined)}
      >
        {lines.map(({ name, values, tone }) => (
          <g key={name} class={`tone-${tone}`}>
            {tone === 'main' && <path class="chart-area" d={areaOf(values, highest)} />}
            <path class="chart-line" d={lineOf(values, highest)} />
          </g>
        ))}
        {pointed !== undefined && (
          <line class="chart-pointer" x1={xOf(pointed, steps)} x2={xOf(pointed, steps)} y1="0" y2={HEIGHT} />
        )}
      </svg>
      <div class="chart-foot">
        <span>
          {pointed === undefined
            ? `${minutes} min ago`
            : timeText(until - (steps - 1 - pointed) * stepSeconds * 1000)}
        </span>
        <span>highest {text(highest)}</span>
      </div>
    </figure>
  );
}

function xOf(step: number, steps: number): number {
  return steps < 2 ? WIDTH : (step / (steps - 1)) * WIDTH;
}

function yOf(value: number, highest: number): number {
  return highest === 0 ? HEIGHT - 1 : HEIGHT - 1 - (value / highest) * (HEIGHT - 4);
}

/** Gaps where there is no value. */
function lineOf(values: ReadonlyArray<number | null>, highest: number): string {
  let pen: 'M' | 'L' = 'M';
  return values
    .map((value, step) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const part = `${pen}${xOf(step, values.length).toFixed(1)} ${yOf(value, highest).toFixed(1)}`;
      // A value between two gaps shows as a dot.
      const dot = pen === 'M' && (values[step + 1] ?? null) === null ? 'h0.01' : '';
      pen = 'L';
      return part + dot;
    })
    .join('');
}

function areaOf(values: ReadonlyArray<number | null>, highest: number): string {
  const solid = values.map((value) => value ?? 0);
  return solid.length === 0 ? '' : `${lineOf(solid, highest)}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`;
}
