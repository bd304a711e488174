/** What a value is made of: per origin, such as "reps.name", whether of its value or only of what a test says about it. */
export type Lineage = ReadonlyMap<string, "value" | "test">;

/** Says what the columns of a scan are made of, by name; null: the scan is of something unknown. */
export type Scan = (node: PlanNode) => ((column: string, index: number) => Lineage) | null;

/** A plan that has something in it whose output cannot be told: it is refused rather than guessed. */
export class UnknownPlan extends Error {}

// A node or expression as json_serialize_plan prints it. References are resolved: a BOUND_REF is the position of a
// column among those of the children, one after the other.
export interface PlanNode {
  type: string;
  children: PlanNode[];
  [key: string]: unknown;
}

interface Expression {
  expression_class: string;
  type: string;
  [key: string]: unknown;
}

const none: Lineage = new Map();
const nothing: Lineage = new Map(); // of null alone: no row can be told by it

/**
 * What each output column of a bound, unoptimized plan is made of, through projections, joins, groups, windows, set
 * operations, CTEs and nested values, whatever the columns are called on the way.
 *
 * expression                        is made of
 * reference, cast, function, …      all it is computed from
 * comparison, LIKE, boolean         a test of that; IS NULL of nothing
 * count, count(distinct)            nothing: a count tells of no value
 * sum, avg, bool_and, … of a test   nothing: so many passed it
 * any other aggregate               all it is computed from
 * row_number, rank, …               what it is ordered by
 * column that is compared with one  that one as well, and all that stands beside it: a label tells which value it was
 * column beside one that mixes      that one as well: a constant among personal values labels their groups
 *
 * Throws UnknownPlan at what is none of these.
 */
export function lineageOf(plan: PlanNode, scan: Scan): Lineage[] {
  return new Tracer(scan).columns(plan);
}

class Tracer {
  private readonly scan: Scan;
  private readonly ctes = new Map<number, Lineage[]>();
  private readonly outer: Lineage[][] = []; // what a correlated subquery may read of the queries around it

  constructor(scan: Scan) {
    this.scan = scan;
  }

  columns(node: PlanNode): Lineage[] {
    const expressions = (node.expressions ?? []) as Expression[];
    switch (node.type) {
      case "LOGICAL_GET":
        return this.scanned(node);
      case "LOGICAL_DUMMY_SCAN":
        return [none];
      case "LOGICAL_EMPTY_RESULT":
        return ((node.return_types ?? []) as unknown[]).map(() => none);
      case "LOGICAL_COLUMN_DATA_GET":
      case "LOGICAL_CHUNK_GET":
        return (node.chunk_types as unknown[]).map(() => none);
      case "LOGICAL_EXPRESSION_GET": {
        const input = this.inputs(node);
        const rows = node.expressions as unknown as Expression[][];
        const types = node.expr_types as unknown[];
        return types.map((_, i) => union(rows.map((row) => made(row[i]!, input))));
      }
      case "LOGICAL_PROJECTION": {
        const input = this.inputs(node);
        return expressions.map((expression) => made(expression, input));
      }
      case "LOGICAL_AGGREGATE_AND_GROUP_BY": {
        const input = this.inputs(node);
        const groups = (node.groups ?? []) as Expression[];
        const extra = (node.grouping_functions ?? []) as unknown[];
        return [...groups, ...expressions]
          .map((expression) => made(expression, input))
          .concat(extra.map(() => none));
      }
      case "LOGICAL_WINDOW":
      case "LOGICAL_UNNEST": {
        const input = this.inputs(node);
        return [...input, ...expressions.map((expression) => made(expression, input))];
      }
      case "LOGICAL_FILTER": {
        const input = this.inputs(node);
        return mapped(equated(input, expressions), node.projection_map);
      }
      case "LOGICAL_ORDER_BY":
        return mapped(this.inputs(node), node.projections);
      case "LOGICAL_TOP_N":
      case "LOGICAL_DISTINCT":
      case "LOGICAL_LIMIT":
      case "LOGICAL_SAMPLE":
        return this.inputs(node);
      case "LOGICAL_CROSS_PRODUCT":
      case "LOGICAL_POSITIONAL_JOIN":
        return this.inputs(node);
      case "LOGICAL_COMPARISON_JOIN":
      case "LOGICAL_ANY_JOIN":
      case "LOGICAL_ASOF_JOIN":
      case "LOGICAL_DELIM_JOIN":
        return this.joined(node);
      case "LOGICAL_DELIM_GET":
        return this.correlated((node.chunk_types as unknown[]).length);
      case "LOGICAL_UNION":
      case "LOGICAL_EXCEPT":
      case "LOGICAL_INTERSECT": {
        return mixed(node.children.map((child) => this.columns(child)));
      }
      case "LOGICAL_MATERIALIZED_CTE": {
        const [definition, body] = node.children as [PlanNode, PlanNode];
        this.ctes.set(node.table_index as number, this.columns(definition));
        return this.columns(body);
      }
      case "LOGICAL_RECURSIVE_CTE":
        return this.recursive(node);
      case "LOGICAL_CTE_REF": {
        const found = this.ctes.get(node.cte_index as number);
        if (found === undefined) throw new UnknownPlan("a common table expression out of its place");
        return found;
      }
      default:
        throw new UnknownPlan(`the operator ${node.type}`);
    }
  }

  private inputs(node: PlanNode): Lineage[] {
    return (node.children ?? []).flatMap((child) => this.columns(child));
  }

  private scanned(node: PlanNode): Lineage[] {
    const input = this.inputs(node);
    const of = this.scan(node);
    if (of === null) throw new UnknownPlan(`rows of ${String(node.name) || "an unknown function"}()`);
    const names = node.names as string[];
    const indexes = (node.column_indexes ?? []) as { index: number }[];
    const own = indexes.map(({ index }) =>
      union([index < names.length ? of(names[index]!, index) : none, ...input]),
    );
    const through = (node.projected_input ?? []) as number[];
    const all = [...own, ...through.map((i) => input[i]!)];
    return mapped(all, node.projection_ids);
  }

  private joined(node: PlanNode): Lineage[] {
    const [first, second] = node.children as [PlanNode, PlanNode];
    const flipped = node.delim_flipped === true;
    const outer = flipped ? second : first;
    const delim = node.type === "LOGICAL_DELIM_JOIN";
    const outerColumns = this.columns(outer);
    if (delim) {
      const shared = (node.duplicate_eliminated_columns ?? []) as Expression[];
      this.outer.push(shared.map((expression) => made(expression, outerColumns)));
    }
    const innerColumns = this.columns(flipped ? first : second);
    if (delim) this.outer.pop();
    let left = flipped ? innerColumns : outerColumns;
    let right = flipped ? outerColumns : innerColumns;
    const conditions = (node.conditions ?? []) as { left: Expression; right: Expression }[];
    const compared: Lineage[] = [];
    for (const { left: one, right: other } of conditions) {
      // In an ANY join, and where a condition is of both sides, positions go over both.
      if (one === undefined || other === undefined) continue;
      const [ofLeft, ofRight] = [made(one, left), made(other, right)];
      compared.push(asTest(ofLeft), asTest(ofRight));
      left = spread(left, one, ofLeft, values(ofRight));
      right = spread(right, other, ofRight, values(ofLeft));
    }
    const both = [...left, ...right];
    const rest = [node.condition, ...((node.predicate ? [node.predicate] : []) as Expression[])].filter(
      (expression): expression is Expression => expression !== undefined && expression !== null,
    );
    const all = equated(both, rest);
    left = all.slice(0, left.length);
    right = all.slice(left.length);
    const mapLeft = mapped(left, node.left_projection_map);
    const mapRight = mapped(right, node.right_projection_map);
    switch (node.join_type) {
      case "SEMI":
      case "ANTI":
        return mapLeft;
      case "RIGHT_SEMI":
      case "RIGHT_ANTI":
        return mapRight;
      case "MARK":
        return [
          ...mapLeft,
          union([...compared, ...rest.map((expression) => asTest(made(expression, both)))]),
        ];
      default:
        return [...mapLeft, ...mapRight];
    }
  }

  // Which of the queries around is meant is not told: each whose columns fit may be.
  private correlated(width: number): Lineage[] {
    const fitting = this.outer.filter((columns) => columns.length === width);
    if (fitting.length === 0) throw new UnknownPlan("a correlated subquery");
    return Array.from({ length: width }, (_, i) => union(fitting.map((columns) => columns[i]!)));
  }

  // Each round adds to what a column is made of, until none does.
  private recursive(node: PlanNode): Lineage[] {
    const [anchor, step] = node.children as [PlanNode, PlanNode];
    let columns = this.columns(anchor);
    for (;;) {
      this.ctes.set(node.table_index as number, columns);
      const round = this.columns(step);
      const next = columns.map((column, i) => union([column, round[i] ?? none]));
      if (
        next.every(
          (column, i) => column.size === columns[i]!.size && values(column).size === values(columns[i]!).size,
        )
      )
        return next;
      columns = next;
    }
  }
}

const counting = new Set([
  "count",
  "count_star",
  "approx_count_distinct",
  "count_if",
  "countif",
  "regr_count",
]);
const tallying = new Set([
  "sum",
  "sum_no_overflow",
  "fsum",
  "kahan_sum",
  "sumkahan",
  "avg",
  "mean",
  "favg",
  "bool_and",
  "bool_or",
]);
const ranking = /^WINDOW_(ROW_NUMBER|RANK|RANK_DENSE|DENSE_RANK|NTILE|PERCENT_RANK|CUME_DIST|FILL)$/;

function made(expression: Expression, input: readonly Lineage[]): Lineage {
  const of = (part: unknown): Lineage =>
    part === undefined || part === null ? none : made(part as Expression, input);
  const all = (parts: unknown): Lineage => union(((parts ?? []) as Expression[]).map(of));
  switch (expression.expression_class) {
    case "BOUND_CONSTANT":
      return (expression.value as { is_null?: boolean } | undefined)?.is_null ? nothing : none;
    case "BOUND_PARAMETER":
    case "BOUND_LAMBDA_REF":
    case "BOUND_DEFAULT":
      return none;
    case "BOUND_REF": {
      const found = input[expression.index as number];
      if (found === undefined) throw new UnknownPlan("a column out of its place");
      return found;
    }
    case "BOUND_COLUMN_REF": // below a function of tables references stay as they were bound
      return union(input);
    case "BOUND_CAST":
    case "BOUND_UNNEST":
      return of(expression.child);
    case "BOUND_COMPARISON":
      return asTest(union([of(expression.left), of(expression.right)]));
    case "BOUND_BETWEEN":
      return asTest(union([of(expression.input), of(expression.lower), of(expression.upper)]));
    case "BOUND_CONJUNCTION":
      return asTest(all(expression.children));
    case "BOUND_OPERATOR":
      if (/^OPERATOR_IS_(NOT_)?NULL$/.test(expression.type)) return none;
      if (/^(COMPARE_(NOT_)?IN|OPERATOR_NOT)$/.test(expression.type)) return asTest(all(expression.children));
      return all(expression.children);
    case "BOUND_CASE": {
      const checks = expression.case_checks as { when_expr: Expression; then_expr: Expression }[];
      return union([
        ...checks.flatMap(({ when_expr, then_expr }) => [asTest(of(when_expr)), of(then_expr)]),
        of(expression.else_expr),
      ]);
    }
    case "BOUND_FUNCTION": {
      const children = all(expression.children);
      return isBoolean(expression.return_type) ? asTest(children) : children;
    }
    case "BOUND_AGGREGATE":
      return aggregated(String(expression.name), all(expression.children));
    case "BOUND_WINDOW": {
      if (ranking.test(expression.type))
        return union(
          ((expression.orders ?? []) as { expression: Expression }[]).map((order) => of(order.expression)),
        );
      const children = union([all(expression.children), of(expression.default_expr)]);
      const aggregate = expression.name ?? (expression.aggregate as { name?: string } | undefined)?.name;
      return expression.type === "WINDOW_AGGREGATE" ? aggregated(String(aggregate), children) : children;
    }
    default:
      throw new UnknownPlan(`the expression ${expression.expression_class}`);
  }
}

function aggregated(name: string, children: Lineage): Lineage {
  if (counting.has(name)) return none;
  return tallying.has(name) ? values(children) : children;
}

function isBoolean(type: unknown): boolean {
  return (type as { id?: string } | undefined)?.id === "BOOLEAN";
}

// What is compared with a personal value, and passes, is that value.
function equated(columns: Lineage[], conditions: readonly Expression[]): Lineage[] {
  let found = columns;
  for (const condition of conditions)
    for (const sides of comparisons(condition)) {
      const each = sides.map((side) => made(side, found));
      for (const [i, side] of sides.entries())
        found = spread(found, side, each[i]!, union(each.filter((_, j) => j !== i).map(values)));
    }
  return found;
}

// The columns of a set operation. Where rows of one side hold personal values and those of the other something else, what
// stands beside that can tell which value it was.
function mixed(sides: readonly Lineage[][]): Lineage[] {
  const columns = sides[0]!.map((_, i) => union(sides.map((side) => side[i]!)));
  const labelled = columns.filter(
    (column, i) =>
      values(column).size > 0 && sides.some((side) => side[i]!.size === 0 && side[i] !== nothing),
  );
  return columns.map((column) => union([column, ...labelled.map(values)]));
}

function comparisons(expression: Expression): Expression[][] {
  const parts = (expression.children ?? []) as Expression[];
  switch (expression.expression_class) {
    case "BOUND_COMPARISON":
      return [[expression.left as Expression, expression.right as Expression]];
    case "BOUND_BETWEEN":
      return [
        [expression.input as Expression, expression.lower as Expression, expression.upper as Expression],
      ];
    case "BOUND_OPERATOR":
    case "BOUND_CONJUNCTION":
    case "BOUND_FUNCTION":
      return [
        ...(parts.length > 1 && expression.expression_class !== "BOUND_CONJUNCTION" ? [parts] : []),
        ...parts.flatMap(comparisons),
      ];
    default:
      return [];
  }
}

// `own`: what the compared expression is made of itself. If of nothing personal, its row becomes a label of the value.
function spread(columns: Lineage[], expression: Expression, own: Lineage, lineage: Lineage): Lineage[] {
  const referred = new Set(references(expression));
  if (lineage.size === 0 || referred.size === 0) return columns;
  const whole = values(own).size === 0 && own !== nothing;
  return columns.map((column, i) => (whole || referred.has(i) ? union([column, lineage]) : column));
}

function references(node: unknown): number[] {
  if (Array.isArray(node)) return node.flatMap(references);
  if (typeof node !== "object" || node === null) return [];
  const { expression_class: kind, index } = node as Partial<Expression>;
  return kind === "BOUND_REF" ? [index as number] : Object.values(node).flatMap(references);
}

function mapped(columns: Lineage[], map: unknown): Lineage[] {
  const positions = (map ?? []) as number[];
  return positions.length === 0 ? columns : positions.map((i) => columns[i]!);
}

function union(parts: readonly Lineage[]): Lineage {
  const filled = parts.filter((part) => part.size > 0);
  if (filled.length === 0)
    return parts.length > 0 && parts.every((part) => part === nothing) ? nothing : none;
  if (filled.length === 1) return filled[0]!;
  const result = new Map<string, "value" | "test">();
  for (const part of filled)
    for (const [origin, how] of part) if (result.get(origin) !== "value") result.set(origin, how);
  return result;
}

function asTest(lineage: Lineage): Lineage {
  return lineage.size === 0 ? lineage : new Map([...lineage.keys()].map((origin) => [origin, "test"]));
}

function values(lineage: Lineage): Lineage {
  return new Map([...lineage].filter(([, how]) => how === "value"));
}
