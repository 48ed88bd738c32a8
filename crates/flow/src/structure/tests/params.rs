use super::read;

/// The functions with unread parameters.
fn unread(text: &str) -> Vec<(String, Vec<String>)> {
    let (module, found) = read(text);
    let name = |func| module.function(func).unwrap().name.to_string();
    found
        .unused_params
        .iter()
        .map(|(func, params)| (name(*func), params.iter().map(ToString::to_string).collect()))
        .collect()
}

#[test]
fn parameters_that_nothing_reads_are_told() {
    let text = "
def fetch(url, retries=3, *rest, verify=True, **extra):
    answer = get(url)
    return answer.text
class Client:
    def call(self, name, level):
        level = 3
        return self.send(name)
    @staticmethod
    def join(left, right):
        step()
        return left + 1
";
    let expected =
        [("fetch", vec!["retries", "rest", "verify", "extra"]), ("call", vec!["level"]), ("join", vec!["right"])];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(name, list)| (name.to_owned(), list.into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(unread(text), expected);
}

#[test]
fn reads_in_nested_code_count() {
    for text in [
        "def f(a, b, c, d):\n    step()\n    def g(k=a):\n        return b + k\n    return lambda: c, [d for _ in g]\n",
        "def f(a):\n    step()\n    class C:\n        x = a\n    return C\n",
        "def f(a):\n    step()\n    a += 1\n",
        "def f(a):\n    step()\n    del a\n",
        "def f(a):\n    step()\n    return locals()\n",
        "def f(a):\n    step()\n    return f'{a}'\n",
        "def f(_a, _):\n    step()\n    return 1\n",
    ] {
        assert_eq!(unread(text), [], "{text}");
    }
}

#[test]
fn contracts_are_not_told() {
    for text in [
        "class A:\n    def f(self, a):\n        raise NotImplementedError\n",
        "class A:\n    def f(self, a):\n        '''Only words.'''\n",
        "class A:\n    def f(self, a):\n        pass\n",
        "class A:\n    def f(self, a): ...\n",
        "class A:\n    def f(self, a):\n        return None\n",
        "class A(B):\n    def f(self, a):\n        return self.g(1)\n",
        "class A:\n    @abc.abstractmethod\n    def f(self, a):\n        step()\n        return 1\n",
        "class A:\n    def __exit__(self, kind, value, trace):\n        self.close()\n        self.x = 1\n",
        "def f(a):\n    return True\n",
    ] {
        assert_eq!(unread(text), [], "{text}");
    }
    assert_eq!(unread("class A:\n    def f(self, a):\n        return self.g(1)\n").len(), 1);
    assert_eq!(unread("class A:\n    def __init__(self, a):\n        self.x = 1\n        self.y = 2\n").len(), 1);
}
