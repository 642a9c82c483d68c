"""Sentences of the notebooks whose numbers are computed: `{}` is what the expression gives after the last cell has run.

`number`, `percent` and `estimate` of `causalvalues.numerals` can be used, and every name of the notebook.
"""

from __future__ import annotations

Claim = tuple[str, str]

TOUR: tuple[Claim, ...] = (
    ("Cronbach's alpha lies between {} and {}", "number(reliability.alpha.min()), number(reliability.alpha.max())"),
    ("the {} rows are worth about {}", "f'{len(matrix):,}', round(evidence.n_score)"),
    ("{} edges are more likely than not", "len(edges)"),
    ("that is the case for {} edges", "(edges.verdict == 'compelled').sum()"),
    (
        "{} of the pairs that have no edge",
        "percent(false_edges.table.set_index('scores').loc['as they are'].false.max())",
    ),
    (
        '"Keep safety" raises security by {}, and conformity by {} and benevolence by {}',
        "*mean.loc['do_security', ['security', 'conformity', 'benevolence']].map(number),",
    ),
    (
        "The prompt for benevolence raises conformity ({}) more than benevolence ({})",
        "*mean.loc['do_benevolence', ['conformity', 'benevolence']].map(number),",
    ),
    ("{} of the ten prompts raise", "['eight', 'nine', 'ten'][(mean.idxmax(axis=1) == mean.index.str[3:]).sum() - 8]"),
    (
        "R2 is {} for the graph and {} for",
        "*foresight.scores.r2[['graph', 'half the correlation']].map(number),",
    ),
    (
        "achievement rises by {}, as much as benevolence",
        "number(best.predicted['mean']['achievement'] - start['achievement'])",
    ),
    ("with a chance of {} that all three", "percent(round(second.chance, 2))"),
)

SURVEY: tuple[Claim, ...] = (
    (
        "Alphas lie between {} (tradition) and {} (achievement)",
        "number(alphas['as numbers']['tradition']), number(alphas['as numbers']['achievement'])",
    ),
    (
        "raises them by {} to {}",
        "*(number(each) for each in (alphas.diff(axis=1).iloc[:, 1].min(), alphas.diff(axis=1).iloc[:, 1].max())),",
    ),
    (
        "The same {} persons are worth {} rows for the first claim and {} for the second",
        "f'{evidence.n:,.0f}', f'{evidence.n_score:,.0f}', round(clustered.n_score)",
    ),
    ("the other analysis claims {}", "len(these.averaged_graph())"),
    (
        "{} of the pairs without an edge would get one; with 729, {}",
        "*(percent(round(e, 2)) for e in expected.values()),",
    ),
    (
        "Corrected, {} and {} correlate above 1",
        "*refused.split('above 1: ')[1].replace(chr(39), '').split(' (')[0].split(' and '),",
    ),
    ("{} pairs are joined in every country: eight", "len(everywhere)"),
    (
        "{} neighbours on the circle and {} that are two steps apart",
        "*({8: 'eight', 2: 'two'}.get(sum(steps.loc[pair] == k for pair in everywhere.index)) for k in (1, 2)),",
    ),
    ("{} pairs are joined nowhere", "{2: 'Two'}.get((countries == 0).sum())"),
    (
        "fall from {} between neighbours to {} between opposites; the agreement with the circle is {}",
        "*circle.by_distance.correlation[[1, 5]].map(number), number(circle.table.agreement['correlation'])",
    ),
    ("({} of 10 neighbours are those of the theory)", "places.neighbours"),
    ("differ in how values hang {}", "'together.' if test.p < 0.01 else ''"),
)

PEOPLE: tuple[Claim, ...] = (
    ("a gain of {} for the statements and of {} for their denials", "*gain.mean().map(number),"),
    (
        "{} between neighbours, {} between opposites",
        "*by_distance[[1, 5]].map(number),",
    ),
    (
        "The agreement of the model with the circle is {};",
        "estimate(*circle.table.loc['correlation', ['agreement', 'lower', 'upper']])",
    ),
    ("{} agree as well", "percent(round(circle.table.p['correlation'], 2))"),
    ("{} of ten neighbours is that of the theory", "{1: 'One'}.get(places.neighbours)"),
    ("of where the values lie, here {}", "number(places.fit)"),
    ("finds {} of {} edges", "hidden.table.could_be_hidden.sum(), len(hidden.table)"),
    (
        "the graph {}, the plain correlations {}, the prompts {}.",
        "*(number(each) for each in foreseen.iloc[[0, 2, 1]]),",
    ),
    ("The circle of the theory foresees {}.", "number(foreseen.iloc[3])"),
    ("Nearly all of it, {}, belongs to the sentence", "verdict.split(', ')[1].split(' ')[0]"),
)

PEOPLE_WITH_SURVEY: tuple[Claim, ...] = (
    ("in {} respondents of 13 countries", "f'{in_people.n:,.0f}'"),
    ("in people correlations fall from {} to {}", "*computed.by_distance.correlation[[1, 5]].map(number),"),
    ("For people we quote{}", "'' if np.allclose(computed.by_distance.correlation, PEOPLE, atol=0.005) else ' others'"),
    ("The agreement with the circle is {} there", "number(computed.table.agreement['correlation'])"),
    (
        "people and model agree with {} (p = {})",
        "estimate(*both.loc[0, ['agreement', 'lower', 'upper']]), number(both.p[0], 3)",
    ),
    ("the circle explains {} of where the values lie", "number(cv.value_map(in_people, theory, seed=1).fit)"),
    ("people and the theory have in common ({})", "number(both.agreement[1])"),
)

LOOP: tuple[Claim, ...] = (
    ("and {} of 10 values land in their intervals", "inside.sum()"),
    ("Security comes to {} where {} was foretold", "*aims.loc['security', ['achieved', 'predicted']].map(number),"),
    (
        "Predicted {}, achieved {}",
        "number(table.predicted.mean(), 3), number(ways['the plan'].mean(), 3)",
    ),
    (
        "the best set of this persona in {} of 40 cases",
        "((ways['the plan'] - ways['best in hindsight']) < 1e-9).sum()",
    ),
    (
        "doing nothing ({}) or of taking any set ({})",
        "number(ways['no prompt'].mean(), 3), number(ways['any set (mean)'].mean(), 3)",
    ),
    (
        "Of the {} plans that chose a pair which nobody had been asked under, the predicted error was {} and the "
        "achieved one {}.",
        "table['unseen pair'].sum(), *(number(table[column][table['unseen pair']].mean(), 3)"
        " for column in ('predicted', 'the plan'))",
    ),
    ("gets {}. To choose", "number(ways['the simple predictor'].mean(), 3)"),
    ("For {} personas it says", "{3: 'three'}.get(len(out_of_reach))"),
)

FIGURES: tuple[Claim, ...] = (
    ("the same {} edges twice", "len(graph.edges)"),
    ("compel the direction, which is so for {}.", "sum(edge.directed for edge in for_nature.edges)"),
    ("no room for {} of them", "len(for_nature.edges)"),
    ("{} pairs are joined in more than 90%", "(posterior.averaged_graph()['adjacent'] > 0.9).sum()"),
    (
        "none is compelled in more than {} of the graphs that have the edge",
        "percent(round(posterior.averaged_graph().query('adjacent > 0.9')['compelled'].max(), 2))",
    ),
    (
        "{} of 100 effects",
        "((did.lower.loc[list(matrix.levers)] > 0) | (did.upper.loc[list(matrix.levers)] < 0)).sum().sum()",
    ),
    (
        "the prompt for benevolence raises {} most ({})",
        "cv.total_effects(model).mean.loc['do_benevolence'].idxmax(), "
        "number(cv.total_effects(model).mean.loc['do_benevolence'].max())",
    ),
    ("to reach benevolence through security ({} along", "number(effects.mean.loc['security', 'benevolence'])"),
    (
        "the direction of that arrow in {} of the graphs",
        "f\"{posterior.averaged_graph().set_index(['cause', 'effect'])['compelled']['security', 'benevolence']:.0%}\"",
    ),
    (
        "shows {} edges that only one half has and {} that is turned round",
        "*(sum(edge.change in w for edge in difference.edges) or 'none' for w in (('added', 'removed'), ['turned'])),",
    ),
    (
        "two graphs of different halves are {} edges apart, two of the same half {} or {}",
        "*comparison.distances.assign(own=lambda d: d.group == d.other).sort_values(['own', 'group']).hamming"
        ".map('{:.1f}'.format),",
    ),
    ("without a prompt {} comes first", "profiles.mean.loc['no prompt'].idxmax()"),
    (
        'with "{}" or "{}" that value does',
        "*(name for name in ('power', 'security') if profiles.mean.loc[name].idxmax() == name),",
    ),
    ("{} of ten neighbours is the theory's", "places.neighbours"),
    ("fits as well in {} of cases", "percent(round(places.p, 2))"),
    (
        "(RMSEA {}), and with the seven edges that were weak one by one it is {}.",
        "*(number(fits[name].numbers('effective n')['rmsea'], 3) for name in ('as she sent it', "
        "'with the seven edges')),",
    ),
    (
        "the fit is the same to the last digit{}",
        "'' if len({number(fits[name].numbers('effective n')['chi2'], 9) for name in list(fits)[:2]}) == 1 else ', no'",
    ),
    ("conformity on power ({})", "number(hers_total['power'])"),
)

PUBLISHED: tuple[Claim, ...] = (
    ("{} and {} arrows", "len(found['gemma'].reduced), len(found['llama'].reduced)"),
    (
        "half of the resamples: {} for Gemma, {} for Llama",
        "*(f\"{stability(model, 500)['found'].mean():.0%}\" for model in MODELS),",
    ),
    (
        "its mean falls from {} to {} within them",
        "*(number(parts['Llama-3-8B-Instruct', 'ten features'].iloc[row], 3) for row in (1, 2)),",
    ),
    ("{} of 25 joined pairs for Gemma and {} of 18 for Llama", "*readings['published pairs P > .5'][[0, 4]],"),
    (
        "{} edges each are left above .5, and {} above .95",
        "{2: 'two'}.get(readings['edges P > .5'][[3, 7]].max()), {0: 'none'}.get(readings['P > .95'][[3, 7]].max())",
    ),
    (
        "other pairs ({} against {})",
        "*(number(readings[f'mean P, {which} pairs'][[3, 7]].mean(), 1) for which in ('published', 'other')),",
    ),
    ("(p = {}, with 25 edges)", "number(held['p, permuted labels'][0])"),
)
