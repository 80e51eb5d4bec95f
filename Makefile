# The only commands anyone needs. Each one sets up what it lacks; a second run does only what changed.
.PHONY: serve test lab refresh bench assignment grade check-assignments clean setup setup-instructors

PY := .venv/bin/python
TEACH := .venv-instructors/bin/python -m
COURSE := convolution

serve: setup        ## build the book and serve it on this machine
	@$(PY) tools/build.py
	@$(PY) tools/serve.py

test: setup         ## everything that CI runs
	@$(PY) tools/check.py

lab: setup          ## the notebooks in JupyterLab
	@$(PY) tools/build.py wasm front_end
	@$(PY) tools/lab.py

refresh: setup      ## run the notebooks and store their text outputs
	@$(PY) tools/build.py wasm front_end
	@$(PY) tools/refresh_notebooks.py

bench: setup        ## how fast: convlib beside its yardsticks
	@$(PY) tools/build.py
	@for script in benchmarks/*.py; do $(PY) "$$script" || exit 1; done

assignment: setup-instructors  ## a graded set for a course: make assignment A=windows_in_loops
	@$(TEACH) assignments build "$(A)" --course "$(COURSE)" $(if $(ROSTER),--roster "$(ROSTER)")

grade: setup-instructors       ## a class: make grade A=windows_in_loops SUB=submissions.zip
	@$(TEACH) assignments grade "$(A)" "$(SUB)" --course "$(COURSE)" \
		$(if $(ROSTER),--roster "$(ROSTER)") $(if $(OUT),--out "$(OUT)") $(if $(SEED),--seed "$(SEED)")

check-assignments: setup-instructors  ## what CI does with the graded sets
	@$(TEACH) pytest -q -n 2 --dist loadfile -p no:cacheprovider -o addopts= assignments

clean:              ## remove what was built; the environment and _build/assignments, with your grades, stay
	@[ ! -d _build ] || find _build -mindepth 1 -maxdepth 1 ! -name assignments -exec rm -rf {} +
	@rm -rf front_end/built convlib/explorers/built convlib/webassembly/*.wasm .pytest_cache .ruff_cache .hypothesis
	@find convlib tests tools book -name __pycache__ -prune -exec rm -rf {} +

setup:
	@sh tools/setup.sh

setup-instructors:
	@sh tools/setup.sh instructors
