from mlconnector.demo.acts.exact_asana.act import ExactToAsana as ACT

__all__ = ("ACT",)
