# Polychoric and polyserial correlations with standard errors, by lavaan and polycor.
# Rscript polychoric.R data.csv ordinal,columns out.csv   (continuous columns must have variance 1, divisor n)
suppressMessages({library(lavaan); library(polycor)})
arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[1])
ordinal <- strsplit(arguments[2], ",")[[1]]
two_step <- lavCor(data, ordered = ordinal, output = "cor")
fitted <- parameterEstimates(lavCor(data, ordered = ordinal, se = "robust", output = "fit"))
rows <- NULL
names <- names(data)
for (i in seq_along(names)) for (j in seq_along(names)) if (i < j) {
  a <- names[i]; b <- names[j]
  both <- (a %in% ordinal) + (b %in% ordinal)
  at <- fitted$op == "~~" & ((fitted$lhs == a & fitted$rhs == b) | (fitted$lhs == b & fitted$rhs == a))
  polycor_r <- NA
  if (both == 2) polycor_r <- polychor(data[, a], data[, b], ML = FALSE)
  if (both == 1) {
    x <- if (a %in% ordinal) b else a
    y <- if (a %in% ordinal) a else b
    polycor_r <- polyserial(data[, x], data[, y], ML = TRUE)
  }
  if (both > 0) rows <- rbind(rows, data.frame(first = a, second = b, kind = both, lavaan = two_step[a, b],
    lavaan_se = fitted$se[at], polycor = polycor_r))
}
write.csv(rows, arguments[3], row.names = FALSE)
