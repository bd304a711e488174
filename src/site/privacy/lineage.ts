/** The origins of a value, such as "reps.name": each either by its value or only by the result of a test of it. */
export type Lineage = ReadonlyMap<string, "value" | "test">;

/** The lineage of a scan's columns, by name; null for an unknown scan. */
export type Scan = (node: PlanNode) => ((column: string, index: number) => Lineage) | null;

/** A plan with a node of unknown output: it is refused rather than guessed. */
export class UnknownPlan extends Error {}

// A node as json_serialize_plan prints it. References are resolved: a BOUND_REF holds the position of a column among the
// columns of all children in turn.
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

const noOrigin: Lineage = new Map();
const ofNull: Lineage = new Map(); // of NULL alone, which labels no row

/**
 * The lineage of each output column of a bound, unoptimized plan, through projections, joins, groups, windows, set
 * operations, CTEs and nested values, under any column names.
 *
 * expression                            derives from
 * reference, cast, function, …          all its inputs
 * comparison, LIKE, boolean             a test of its inputs; IS NULL from nothing
 * count, count(distinct)                nothing: a count reveals no value
 * sum, avg, bool_and, … of a test       nothing: it counts the rows that passed
 * any other aggregate                   all its inputs
 * row_number, rank, …                   its sort keys
 * column compared with another          the other as well, and so do all columns beside it: a label identifies the value
 * column beside a mix of set operands   the mixed column as well: a constant among personal values labels their groups
 *
 * Throws UnknownPlan at anything else.
 */
export function lineageOf(plan: PlanNode, scan: Scan): Lineage[] {
  return new Tracer(scan).columns(plan);
}

class Tracer {
  private readonly scan: Scan;
  private readonly ctes = new Map<number, Lineage[]>();
  private readonly outer: Lineage[][] = []; // columns of enclosing queries that a correlated subquery may read

  constructor(scan: Scan) {
    this.scan = scan;
  }

  columns(node: PlanNode): Lineage[] {
    const expressions = (node.expressions ?? []) as Expression[];
    switch (node.type) {
      case "LOGICAL_GET":
        return this.scanned(node);
      case "LOGICAL_DUMMY_SCAN":
        return [noOrigin];
      case "LOGICAL_EMPTY_RESULT":
        return ((node.return_types ?? []) as unknown[]).map(() => noOrigin);
      case "LOGICAL_COLUMN_DATA_GET":
      case "LOGICAL_CHUNK_GET":
        return (node.chunk_types as unknown[]).map(() => noOrigin);
      case "LOGICAL_EXPRESSION_GET": {
        const input = this.inputs(node);
        const rows = node.expressions as unknown as Expression[][];
        const types = node.expr_types as unknown[];
        return types.map((_, i) => union(rows.map((row) => derived(at(row, i), input))));
      }
      case "LOGICAL_PROJECTION": {
        const input = this.inputs(node);
        return expressions.map((expression) => derived(expression, input));
      }
      case "LOGICAL_AGGREGATE_AND_GROUP_BY": {
        const input = this.inputs(node);
        const groups = (node.groups ?? []) as Expression[];
        const extra = (node.grouping_functions ?? []) as unknown[];
        return [...groups, ...expressions]
          .map((expression) => derived(expression, input))
          .concat(extra.map(() => noOrigin));
      }
      case "LOGICAL_WINDOW":
      case "LOGICAL_UNNEST": {
        const input = this.inputs(node);
        return [...input, ...expressions.map((expression) => derived(expression, input))];
      }
      case "LOGICAL_FILTER": {
        const input = this.inputs(node);
        return projected(withComparisons(input, expressions), node.projection_map);
      }
      case "LOGICAL_ORDER_BY":
        return projected(this.inputs(node), node.projections);
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
        return setOperation(node.children.map((child) => this.columns(child)));
      }
      case "LOGICAL_MATERIALIZED_CTE": {
        const [definition, body] = node.children as [PlanNode, PlanNode];
        this.ctes.set(node.table_index as number, this.columns(definition));
        return this.columns(body);
      }
      case "LOGICAL_RECURSIVE_CTE":
        return this.recursive(node);
      case "LOGICAL_CTE_REF": {
        const lineage = this.ctes.get(node.cte_index as number);
        if (lineage === undefined) throw new UnknownPlan("a common table expression out of its place");
        return lineage;
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
    const columnLineage = this.scan(node);
    if (columnLineage === null) throw new UnknownPlan(`rows of ${String(node.name) || "an unknown function"}()`);
    const names = node.names as string[];
    const indexes = (node.column_indexes ?? []) as { index: number }[];
    const scannedColumns = indexes.map(({ index }) =>
      union([index < names.length ? columnLineage(at(names, index), index) : noOrigin, ...input]),
    );
    const passedThrough = (node.projected_input ?? []) as number[];
    const all = [...scannedColumns, ...passedThrough.map((i) => at(input, i))];
    return projected(all, node.projection_ids);
  }

  private joined(node: PlanNode): Lineage[] {
    const [first, second] = node.children as [PlanNode, PlanNode];
    const flipped = node.delim_flipped === true;
    const outer = flipped ? second : first;
    const delim = node.type === "LOGICAL_DELIM_JOIN";
    const outerColumns = this.columns(outer);
    if (delim) {
      const shared = (node.duplicate_eliminated_columns ?? []) as Expression[];
      this.outer.push(shared.map((expression) => derived(expression, outerColumns)));
    }
    const innerColumns = this.columns(flipped ? first : second);
    if (delim) this.outer.pop();
    let left = flipped ? innerColumns : outerColumns;
    let right = flipped ? outerColumns : innerColumns;
    const conditions = (node.conditions ?? []) as { left: Expression; right: Expression }[];
    const compared: Lineage[] = [];
    for (const { left: leftSide, right: rightSide } of conditions) {
      // In an ANY join, and in a condition over both sides, positions count through both.
      if (leftSide === undefined || rightSide === undefined) continue;
      const [ofLeft, ofRight] = [derived(leftSide, left), derived(rightSide, right)];
      compared.push(asTest(ofLeft), asTest(ofRight));
      left = addLineage(left, leftSide, ofLeft, values(ofRight));
      right = addLineage(right, rightSide, ofRight, values(ofLeft));
    }
    const both = [...left, ...right];
    const rest = [node.condition, ...((node.predicate ? [node.predicate] : []) as Expression[])].filter(
      (expression): expression is Expression => expression !== undefined && expression !== null,
    );
    const all = withComparisons(both, rest);
    left = all.slice(0, left.length);
    right = all.slice(left.length);
    const mapLeft = projected(left, node.left_projection_map);
    const mapRight = projected(right, node.right_projection_map);
    switch (node.join_type) {
      case "SEMI":
      case "ANTI":
        return mapLeft;
      case "RIGHT_SEMI":
      case "RIGHT_ANTI":
        return mapRight;
      case "MARK":
        return [...mapLeft, union([...compared, ...rest.map((expression) => asTest(derived(expression, both)))])];
      default:
        return [...mapLeft, ...mapRight];
    }
  }

  // The plan does not say which enclosing query is meant: any of the same width may be.
  private correlated(width: number): Lineage[] {
    const fitting = this.outer.filter((columns) => columns.length === width);
    if (fitting.length === 0) throw new UnknownPlan("a correlated subquery");
    return Array.from({ length: width }, (_, i) => union(fitting.map((columns) => at(columns, i))));
  }

  // Repeats until a round adds no origin.
  private recursive(node: PlanNode): Lineage[] {
    const [anchor, step] = node.children as [PlanNode, PlanNode];
    let columns = this.columns(anchor);
    for (;;) {
      this.ctes.set(node.table_index as number, columns);
      const round = this.columns(step);
      const before = columns;
      const next = before.map((column, i) => union([column, round[i] ?? noOrigin]));
      const isUnchanged = before.every((column, i) => {
        const after = at(next, i);
        return after.size === column.size && values(after).size === values(column).size;
      });
      if (isUnchanged) return next;
      columns = next;
    }
  }
}

const countingAggregates = new Set([
  "count",
  "count_star",
  "approx_count_distinct",
  "count_if",
  "countif",
  "regr_count",
]);
const tallyingAggregates = new Set([
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
const rankingWindow = /^WINDOW_(ROW_NUMBER|RANK|RANK_DENSE|DENSE_RANK|NTILE|PERCENT_RANK|CUME_DIST|FILL)$/;

function derived(expression: Expression, input: readonly Lineage[]): Lineage {
  const partLineage = (part: unknown): Lineage =>
    part === undefined || part === null ? noOrigin : derived(part as Expression, input);
  const partsLineage = (parts: unknown): Lineage => union(((parts ?? []) as Expression[]).map(partLineage));
  switch (expression.expression_class) {
    case "BOUND_CONSTANT":
      return (expression.value as { is_null?: boolean } | undefined)?.is_null ? ofNull : noOrigin;
    case "BOUND_PARAMETER":
    case "BOUND_LAMBDA_REF":
    case "BOUND_DEFAULT":
      return noOrigin;
    case "BOUND_REF": {
      return at(input, expression.index as number);
    }
    case "BOUND_COLUMN_REF": // references below a table function stay as they were bound
      return union(input);
    case "BOUND_CAST":
    case "BOUND_UNNEST":
      return partLineage(expression.child);
    case "BOUND_COMPARISON":
      return asTest(union([partLineage(expression.left), partLineage(expression.right)]));
    case "BOUND_BETWEEN":
      return asTest(
        union([partLineage(expression.input), partLineage(expression.lower), partLineage(expression.upper)]),
      );
    case "BOUND_CONJUNCTION":
      return asTest(partsLineage(expression.children));
    case "BOUND_OPERATOR":
      if (/^OPERATOR_IS_(NOT_)?NULL$/.test(expression.type)) return noOrigin;
      if (/^(COMPARE_(NOT_)?IN|OPERATOR_NOT)$/.test(expression.type)) return asTest(partsLineage(expression.children));
      return partsLineage(expression.children);
    case "BOUND_CASE": {
      const checks = expression.case_checks as { when_expr: Expression; then_expr: Expression }[];
      return union([
        ...checks.flatMap(({ when_expr, then_expr }) => [asTest(partLineage(when_expr)), partLineage(then_expr)]),
        partLineage(expression.else_expr),
      ]);
    }
    case "BOUND_FUNCTION": {
      const children = partsLineage(expression.children);
      return isBoolean(expression.return_type) ? asTest(children) : children;
    }
    case "BOUND_AGGREGATE":
      return aggregated(String(expression.name), partsLineage(expression.children));
    case "BOUND_WINDOW": {
      if (rankingWindow.test(expression.type))
        return union(
          ((expression.orders ?? []) as { expression: Expression }[]).map((order) => partLineage(order.expression)),
        );
      const children = union([partsLineage(expression.children), partLineage(expression.default_expr)]);
      const aggregate = expression.name ?? (expression.aggregate as { name?: string } | undefined)?.name;
      return expression.type === "WINDOW_AGGREGATE" ? aggregated(String(aggregate), children) : children;
    }
    default:
      throw new UnknownPlan(`the expression ${expression.expression_class}`);
  }
}

function aggregated(name: string, children: Lineage): Lineage {
  if (countingAggregates.has(name)) return noOrigin;
  return tallyingAggregates.has(name) ? values(children) : children;
}

function isBoolean(type: unknown): boolean {
  return (type as { id?: string } | undefined)?.id === "BOOLEAN";
}

// A value that passes a comparison with a personal value equals it.
function withComparisons(columns: Lineage[], conditions: readonly Expression[]): Lineage[] {
  let result = columns;
  for (const condition of conditions)
    for (const sides of comparisons(condition)) {
      const lineages = sides.map((side) => derived(side, result));
      for (const [i, side] of sides.entries())
        result = addLineage(result, side, at(lineages, i), union(lineages.filter((_, j) => j !== i).map(values)));
    }
  return result;
}

// The columns of a set operation. Where one side holds personal values and the other does not, the columns beside that one
// can identify the value.
function setOperation(sides: readonly Lineage[][]): Lineage[] {
  const columns = at(sides, 0).map((_, i) => union(sides.map((side) => at(side, i))));
  const labelled = columns.filter(
    (column, i) => values(column).size > 0 && sides.some((side) => at(side, i).size === 0 && side[i] !== ofNull),
  );
  return columns.map((column) => union([column, ...labelled.map(values)]));
}

function comparisons(expression: Expression): Expression[][] {
  const parts = (expression.children ?? []) as Expression[];
  switch (expression.expression_class) {
    case "BOUND_COMPARISON":
      return [[expression.left as Expression, expression.right as Expression]];
    case "BOUND_BETWEEN":
      return [[expression.input as Expression, expression.lower as Expression, expression.upper as Expression]];
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

// `comparedLineage` is that of the compared expression itself. If nothing in it is personal, its whole row labels the value.
function addLineage(columns: Lineage[], expression: Expression, comparedLineage: Lineage, lineage: Lineage): Lineage[] {
  const referredColumns = new Set(references(expression));
  if (lineage.size === 0 || referredColumns.size === 0) return columns;
  const labelsRow = values(comparedLineage).size === 0 && comparedLineage !== ofNull;
  return columns.map((column, i) => (labelsRow || referredColumns.has(i) ? union([column, lineage]) : column));
}

function references(node: unknown): number[] {
  if (Array.isArray(node)) return node.flatMap(references);
  if (typeof node !== "object" || node === null) return [];
  const { expression_class: kind, index } = node as Partial<Expression>;
  return kind === "BOUND_REF" ? [index as number] : Object.values(node).flatMap(references);
}

function projected(columns: Lineage[], map: unknown): Lineage[] {
  const positions = (map ?? []) as number[];
  return positions.length === 0 ? columns : positions.map((i) => at(columns, i));
}

/** An item by its position; a plan that refers to none is refused. */
function at<Item>(items: readonly Item[], position: number): Item {
  const item = items[position];
  if (item === undefined) throw new UnknownPlan("a column out of its place");
  return item;
}

function union(parts: readonly Lineage[]): Lineage {
  const nonEmpty = parts.filter((part) => part.size > 0);
  if (nonEmpty.length === 0) return parts.length > 0 && parts.every((part) => part === ofNull) ? ofNull : noOrigin;
  if (nonEmpty.length === 1) return at(nonEmpty, 0);
  const result = new Map<string, "value" | "test">();
  for (const part of nonEmpty)
    for (const [origin, how] of part) if (result.get(origin) !== "value") result.set(origin, how);
  return result;
}

function asTest(lineage: Lineage): Lineage {
  return lineage.size === 0 ? lineage : new Map([...lineage.keys()].map((origin) => [origin, "test"]));
}

function values(lineage: Lineage): Lineage {
  return new Map([...lineage].filter(([, how]) => how === "value"));
}
