"""Acumatica to Asana."""

from mlconnector.demo.acts.acumatica_asana.act import AcumaticaToAsana as ACT

__all__ = ("ACT",)
